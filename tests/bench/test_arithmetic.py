"""Ratios, goals, regressions and tables of the measuring house (bench/harness); histograms are tested in bench/common."""
import xml.etree.ElementTree as tree

import pytest

from harness import plot, profile, report
from harness.arithmetic import Goal, Spread, regressions
from harness.row import Row, interleaved

FIGURES = {"us": {"cpu_us": [10, 12, 11]}, "floor": {"cpu_us": [8, 12, 10]}, "peer": {"cpu_us": [60, 66, 54]}}


def test_a_spread_is_the_median_with_its_bounds():
    assert Spread.of([3, 1, 2]) == Spread(2, 1, 3)


def test_ratios_are_taken_round_by_round():
    assert Goal("cpu_us", "us", of="floor", at_most=1.25).values(FIGURES) == [1.25, 1.0, 1.1]


def test_a_difference_is_taken_round_by_round():
    assert Goal("cpu_us", "us", minus="floor", at_most=1).values(FIGURES) == [2, 0, 1]


def test_another_measure_of_the_other_may_be_the_divisor():
    figures = {"put": {"p99_us": [400, 900]}, "warm": {"p50_us": [40, 45]}}
    assert Goal("p99_us", "put", of="warm", of_measure="p50_us", at_most=20).values(figures) == [10, 20]


@pytest.mark.parametrize("goal, met", [
    (Goal("cpu_us", "us", of="floor", at_most=1.1), True),
    (Goal("cpu_us", "us", of="floor", at_most=1.09), False),
    (Goal("cpu_us", "peer", of="us", at_least=5.5), True),
    (Goal("cpu_us", "peer", of="us", at_least=5.6), False),
    (Goal("cpu_us", "us", at_most=11), True),
    (Goal("cpu_us", "nobody", at_most=11), None),
    (Goal("cpu_us", "us", of="nobody", at_most=11), None),
    (Goal("rss_mb", "us", at_most=11), None),
])
def test_a_goal_is_met_by_the_median(goal, met):
    assert goal.met(FIGURES) is met


def recorded(values, smaller=True):
    return {"row": {"goal": {"values": values, "smaller_is_better": smaller}}}


@pytest.mark.parametrize("before, now, smaller, worse", [
    ([1.0, 1.1, 1.2], [1.4, 1.5, 1.6], True, True),
    ([1.0, 1.1, 1.2], [1.1, 1.5, 1.6], True, False),    # the spreads overlap
    ([1.0, 1.0, 1.0], [1.05, 1.05, 1.05], True, False),  # less than a tenth
    ([1.4, 1.5, 1.6], [1.0, 1.1, 1.2], True, False),    # better
    ([9, 10, 11], [6, 7, 8], False, True),
    ([6, 7, 8], [9, 10, 11], False, False),
    ([], [9, 10, 11], False, False),
    ([9, 10, 11], [], False, False),
])
def test_worse_is_a_tenth_beyond_both_spreads(before, now, smaller, worse):
    assert bool(regressions(recorded(before, smaller), recorded(now, smaller))) is worse


def test_rows_that_only_one_run_has_are_no_regressions():
    assert regressions({}, recorded([1])) == []
    assert regressions(recorded([1]), {}) == []


def test_every_subject_is_visited_in_every_round_and_rounds_begin_in_turn():
    visits = []
    row = interleaved(Row("r", "R", "T", []), 3, {name: lambda name=name: visits.append(name) or {"n": len(visits)} for name in "abc"})
    assert visits == list("abcbcacab")
    assert row.figures == {"a": {"n": [1, 6, 8]}, "b": {"n": [2, 4, 9]}, "c": {"n": [3, 5, 7]}}


def test_the_report_has_figures_goals_and_verdicts_and_the_plot_is_xml():
    row = Row("get", "Get <item>", "Items", [Goal("cpu_us", "us", of="floor", at_most=1.2), Goal("cpu_us", "us", of="nobody", at_most=1)], FIGURES)
    text = "\n".join(report.figures_table([row]) + report.goals_table([row]))
    assert "| Get <item> | us | 11.0 (10.0–12.0) |" in text
    assert "≤ 1.2 × | 1.1 (1–1.25) | met |" in text
    assert "not measured" in text
    assert tree.fromstring(plot.bars("Items", [row])).tag.endswith("svg")


SCRIPT = """tidemill
\t    1a2b3c tidemill::http::Parser<int>::feed(std::string_view)
\t    4d5e6f main

tidemill
\t    1a2b3c tidemill::http::Parser<int>::feed(std::string_view)
\t    4d5e6f main
"""


def test_samples_are_folded_by_stack_and_drawn():
    stacks = profile.folded(SCRIPT)
    assert stacks == {("tidemill", "main", "http::Parser::feed"): 2}
    assert "http::Parser::feed: 2 samples, 100.0%" in profile.flame_graph("get", stacks)
