#!/usr/bin/env python3
"""./dev bench: the benchmarks under bench/. `./dev bench --help` lists them."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]

from harness.run import main  # noqa: E402
from rows import ROWS  # noqa: E402

main(ROWS)
