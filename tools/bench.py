#!/usr/bin/env python3
"""Puts and gets a second over the wire, durable and relaxed, on this machine. Called by ./dev bench; one JSON line a run.

    tools/bench.py [seconds of each run]
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.server import Server  # noqa: E402


def main():
    seconds = sys.argv[1] if len(sys.argv) > 1 else "5"
    for durability in ("relaxed", "durable"):
        with tempfile.TemporaryDirectory(dir=ROOT / ".tidemill", prefix="bench-") as folder:
            server = Server(folder, durability=durability, arguments=["--log-level", "warn"]).start()
            try:
                status = Path(f"/proc/{server.process.pid}/status").read_text()
                idle = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
                print(json.dumps({"durability": durability, "start_s": round(server.start_seconds, 3), "idle_rss_kb": idle}), flush=True)
                server.client("dynamodb").create_table(
                    TableName="load", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
                for operation in ("put", "get", "update"):
                    done = subprocess.run([ROOT / "build" / "release" / "tidemill_load", "--endpoint", server.endpoint.removeprefix("http://"),
                                           "--op", operation, "--connections", "16", "--seconds", seconds, "--pid", str(server.process.pid)],
                                          capture_output=True, text=True, timeout=120)
                    if done.returncode != 0:
                        sys.exit(f"tidemill_load ended with {done.returncode}: {done.stderr}")
                    print(json.dumps({"durability": durability, **json.loads(done.stdout.strip().splitlines()[-1])}), flush=True)
            finally:
                server.close()


if __name__ == "__main__":
    main()
