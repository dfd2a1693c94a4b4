#!/usr/bin/env python3
"""Writes cmake/start_order.ld, which lays the code that runs until the server is ready side by side.

    tools/start_order.py build/release

The kernel maps sixteen pages around each one that is touched, so code that is scattered over the program costs an idle
server several times its size. Run this when the row "memory" of the benchmarks has grown; what the list no longer
names right is only laid elsewhere. Needs valgrind.
"""
import bisect
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "cmake" / "start_order.ld"
HEAD = """/* Written by tools/start_order.py: objects of which something runs until the server is ready, side by side; then what is
   inline or a template, of all objects. */
SECTIONS
{
  .text.start :
  {
"""
TAIL = """    *(.text._Z*)
  }
}
INSERT BEFORE .text;
"""


def link_map(build, folder):
    """Links once more; the map says which section of which object lies where."""
    command = subprocess.run(["ninja", "-C", build, "-t", "commands", "tidemill"], check=True, capture_output=True, text=True)
    link = command.stdout.strip().splitlines()[-1].replace(" -o tidemill ", f" -o {folder}/tidemill -Wl,-Map={folder}/map ")
    subprocess.run(link, shell=True, check=True, cwd=build)
    return folder / "tidemill", sections((folder / "map").read_text())


def sections(text):
    """(address, size, section, object) of all code, by address."""
    out, name = [], ""
    for line in text.splitlines():
        if named := re.match(r" (\.text\S*)(.*)", line):
            name, line = named.groups()
        if name and (placed := re.match(r"\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(/?\S.*\.o\)?)$", line)):
            address, size = int(placed[1], 16), int(placed[2], 16)
            if address and size:
                out.append((address, size, name, placed[3]))
            name = ""
    return sorted(out)


def functions_that_run(binary, folder):
    """Their names, mangled. Valgrind knows no pidfd_open: the server ends when it looks for interpreters, after it was ready."""
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={folder}/profile", binary, "dev",
                                   "--data-dir", folder / "data", "--listen", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0"],
                                  stdout=output, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < deadline and b"ready" not in (folder / "output").read_bytes():
            time.sleep(0.1)
        time.sleep(5)
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        server.wait(60)
    if b"ready" not in (folder / "output").read_bytes():
        sys.exit("the server was not ready under valgrind")
    profile = (folder / "profile").read_text()
    return {name.split("'")[0] for name in re.findall(r"^c?fn=\(\d+\) (\S+)", profile, re.MULTILINE)}


def pattern(place):
    archive = re.match(r".*?([^/]+\.a)\(([^)]+)\)$", place)
    return f"*{archive[1]}:{archive[2]}(.text)" if archive else f"*{os.path.basename(place)}(.text)"


def main(build):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        binary, placed = link_map(build, folder)
        names = functions_that_run(binary, folder)
        symbols = subprocess.run(["nm", binary], check=True, capture_output=True, text=True).stdout.split("\n")
    addresses, used = [section[0] for section in placed], set()
    for symbol in symbols:
        fields = symbol.split()
        if len(fields) != 3 or fields[2] not in names:
            continue
        at = bisect.bisect_right(addresses, int(fields[0], 16)) - 1
        if at >= 0 and placed[at][2] == ".text" and int(fields[0], 16) < placed[at][0] + placed[at][1]:
            used.add(pattern(placed[at][3]))
    OUT.write_text(HEAD + "".join(f"    {line}\n" for line in sorted(used)) + TAIL)
    print(f"written: {OUT} ({len(used)} objects)")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
