"""Runs the load generator and reads its one line."""
import json
import subprocess

from support.server import ACCESS_KEY_ID, SECRET_ACCESS_KEY

from .machine import memory_mb
from .servers import program


class LoadFailed(Exception):
    pass


def run(command, timeout=900):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise LoadFailed(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def flags(options):
    return [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]


def http(server, operation, signed=False, **options):
    """One visit: figures of the answers, of the processor and of memory."""
    if signed:
        options["sign"] = f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}"
    measured = run([program("tidemill_load"), "--endpoint", server.address, "--op", operation, "--pid", server.pid, *flags(options)])
    return {**measured, **memory_mb(server.pid)}


def broker(mode, address, pid, **options):
    return run([program("tidemill_broker_load"), mode, "--address", address, "--pid", pid, *flags(options)])
