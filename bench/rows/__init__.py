"""Every benchmark. Reading this list is reading what is measured; each file has ROWS: {name: function(bench) -> [Row]}."""
from . import broker, durable, functions, growth, items, journey, latency, machine, process, triggers

GROUPS = (machine, items, durable, latency, process, functions, triggers, journey, broker, growth)
ROWS = {name: run for group in GROUPS for name, run in group.ROWS.items()}
