"""The machine: what it is, and whether somebody else is using it."""
import os
import platform
import time
from pathlib import Path


def _busy_and_total():
    fields = [int(text) for text in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def busy_share(seconds=1.0):
    """The share of all processors that is in use while we do nothing."""
    busy, total = _busy_and_total()
    time.sleep(seconds)
    busy_now, total_now = _busy_and_total()
    return (busy_now - busy) / max(1, total_now - total)


def description():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {"processors": os.cpu_count(), "model": model, "memory_gb": round(memory_kb / 2**20, 1), "kernel": platform.release()}


def load_average():
    return os.getloadavg()[0]


def memory_mb(pid):
    """Resident, and its proportional share (pages shared with others counted in part)."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0]) / 1024
    return {"rss_mb": fields["Rss"], "pss_mb": fields["Pss"]}


def cpu_ms(pid):
    """User and system time of a process, all threads, in milliseconds."""
    return time.clock_gettime(_cpu_clock(pid)) * 1000


def _cpu_clock(pid):
    return (~pid << 3) | 2     # what clock_getcpuclockid() makes of a process


def children(pid):
    """The process ids of all descendants."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            for child in map(int, Path(f"/proc/{pid}/task/{task}/children").read_text().split()):
                found += [child, *children(child)]
        except OSError:    # it has ended meanwhile
            pass
    return found


def children_cpu_ms(pid):
    used = {}
    for child in children(pid):
        try:
            used[child] = cpu_ms(child)
        except OSError:
            pass
    return used
