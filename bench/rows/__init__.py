"""Every benchmark. Reading this list is reading what is measured; each file has ROWS: {name: function(bench) -> [Row]}."""
from . import items, machine

ROWS = {name: run for group in (machine, items) for name, run in group.ROWS.items()}
