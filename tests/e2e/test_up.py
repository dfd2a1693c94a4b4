"""`./dev up --once`, from the server on: every hop is seen, in the order of the story, and the server ends by itself."""
import re
import subprocess
import sys

from support import examples
from support.server import ROOT, server_environment


def test_every_hop_of_the_note_is_seen(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "tools" / "up.py", "--once", "--folder", tmp_path / "up", "--assembly",
                           examples.synthesize("joined")], capture_output=True, text=True, timeout=170, env=server_environment(),
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    hops = re.findall(r"^ +(\d+) +(?:(\d+) ms)? +(\S.*?)  ", done.stdout, re.M)
    assert [int(number) for number, _, _ in hops] == list(range(1, 11))
    assert "all 10 hops were seen; the server has stopped (status 0)" in done.stdout
    assert all(0 <= int(ms) < 60_000 for _, ms, _ in hops if ms)
