"""./dev bench: measures what was asked for, reports, compares with the last recorded run."""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from support.server import ROOT, STATE

from . import machine, plot, profile, report
from .arithmetic import regressions
from .bench import Bench
from .fleet import Fleet

RESULTS = ROOT / "bench" / "results"
BUSY = 0.15    # a share of the processors that others may use before figures say little


def arguments(names):
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures the server beside floors and peers.")
    parser.add_argument("names", nargs="*", metavar="name", help="of: " + ", ".join(names))
    parser.add_argument("--quick", action="store_true", help="one short round: to see that it runs, not how fast it is")
    parser.add_argument("--big", action="store_true", help="also with ten million items (half an hour more)")
    parser.add_argument("--rounds", type=int, help="3 unless told")
    parser.add_argument("--seconds", type=float, help="of one visit; 2 unless told")
    parser.add_argument("--record", action="store_true", help="write bench/RESULTS.md and bench/results/; refused on a busy machine")
    parser.add_argument("--profile", action="store_true", help="also a flame graph of our server in each benchmark named")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in names]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(names)}")
    if options.record and (options.names or options.quick):
        parser.error("what is recorded is a whole run: --record stands alone (or with --big)")
    return options


def about(options, bench, busy):
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {**machine.description(), "commit": commit, "when": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "rounds": bench.rounds, "seconds": bench.seconds, "quick": bench.quick, "big": bench.big,
            "busy_before": round(busy, 3), "load_before": machine.load_average()}


def last_recorded():
    recorded = sorted(RESULTS.glob("*.json"))
    return json.loads(recorded[-1].read_text()) if recorded else None


def write(folder, name, rows, facts, worse):
    """NAME.json and NAME.md, and a plot for each table."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {table: f"{name}-{number}.svg" for number, table in enumerate(report.tables_of(rows), 1)}
    for table, file in plots.items():
        (folder / file).write_text(plot.bars(table, report.tables_of(rows)[table]))
    (folder / f"{name}.json").write_text(report.as_json(rows, facts))
    (folder / f"{name}.md").write_text(report.markdown(rows, facts, worse, plots))
    return folder / f"{name}.md"


def record(rows, facts, worse):
    name = time.strftime("%Y%m%d-%H%M", time.gmtime())
    for old in RESULTS.glob("*.svg"):
        old.unlink()
    page = write(RESULTS, name, rows, facts, worse)
    text = page.read_text().replace(f"]({name}-", f"](results/{name}-")
    page.unlink()
    (ROOT / "bench" / "RESULTS.md").write_text(text)
    return ROOT / "bench" / "RESULTS.md"


def main(benchmarks):
    options = arguments(list(benchmarks))
    busy = machine.busy_share()
    if busy > BUSY:
        sentence = f"the machine is {busy:.0%} busy with other things"
        if options.record:
            sys.exit(f"{sentence}: nothing is recorded. Try again when it is quiet.")
        print(f"warning: {sentence}: compare ratios only, and those with care", file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=STATE))
    bench = Bench(folder, Fleet(folder), quick=options.quick, big=options.big,
                  rounds=options.rounds or (1 if options.quick else 3), seconds=options.seconds or (0.5 if options.quick else 2.0))
    facts = about(options, bench, busy)
    rows, failed = [], []
    try:
        for name in options.names or benchmarks:
            began = time.monotonic()
            try:
                measured = benchmarks[name](bench)
            except Exception:    # the others are still worth having
                traceback.print_exc()
                failed.append(name)
                continue
            rows += measured
            print(f"\n{name} ({time.monotonic() - began:.0f} s)")
            print("\n".join(report.figures_table(measured) + report.goals_table(measured)), flush=True)
            if options.profile:
                profile.of(name, benchmarks[name], bench)
    finally:
        bench.fleet.close()
        shutil.rmtree(folder, ignore_errors=True)
    facts["load_after"] = machine.load_average()
    before = last_recorded()
    worse = regressions(report.goals_of(before), report.goals_of(json.loads(report.as_json(rows, facts)))) if before else []
    if failed and options.record:
        print("nothing is recorded: not every benchmark could be measured", file=sys.stderr)
    page = record(rows, facts, worse) if options.record and not failed else write(STATE / "bench", "last", rows, facts, worse)
    for row, goal, old, now in worse:
        print(f"worse than recorded: {row}, {goal}: {report.number(old)} -> {report.number(now)}")
    print(f"\nwritten: {page}" + (f"\nfailed: {', '.join(failed)}" if failed else ""))
    sys.exit(1 if worse or failed else 0)
