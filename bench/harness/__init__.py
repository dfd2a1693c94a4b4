"""The measuring house: servers are visited in turn, figures are medians with their spread, results are ratios."""
