"""A real server under real clients, killed with -9 at random instants, again and again.

CRASH_ROUNDS (30), CRASH_SEED (random, printed) and CRASH_WORKLOADS (tables,topics,mappings) change what is run. The seed fixes what the
clients ask for and when the kill comes; how far they get until then is the machine's.
"""
import os
import random
import time

import pytest
from workloads import ALL, Lost, workloads

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "30"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_9_loses_nothing_that_was_acknowledged(make_server, capfd):
    seed = os.environ.get("CRASH_SEED") or str(random.SystemRandom().randrange(10**9))
    names = os.environ.get("CRASH_WORKLOADS", ",".join(ALL)).split(",")
    with capfd.disabled():
        print(f"\ncrash test: {ROUNDS} rounds of {', '.join(names)}; CRASH_SEED={seed}", flush=True)
    random_ = random.Random(seed)
    server = make_server(durability="durable", arguments=["--loops", 2])
    parts = workloads(names, seed)
    for part in parts:
        part.prepare(server)
    restarts = []
    for round_number in range(ROUNDS):
        for part in parts:
            part.run(server, round_number)
        time.sleep(random_.uniform(0.05, 1.0))
        server.kill9()
        for part in parts:
            part.join()
        # Both settings keep what they acknowledged when the process dies; only durable syncs before it answers.
        server.durability = random_.choice(["durable", "durable", "relaxed"])
        server.arguments = ["--loops", str(random_.choice([1, 2, 3]))]
        server.start()
        restarts.append(server.start_seconds)
        try:
            for part in parts:
                part.check(server)
        except Lost as lost:
            pytest.fail(f"round {round_number + 1} of CRASH_SEED={seed}: {lost}")
    for part in parts:
        part.finish(server)
    with capfd.disabled():
        print(f"crash test: {'; '.join(filter(None, (part.summary() for part in parts)))}; "
              f"restarts took {sum(restarts) / len(restarts):.2f} s, at most {max(restarts):.2f} s", flush=True)
    assert server.stop() == 0


def test_the_checks_notice_a_log_that_was_cut(make_server):
    """The other way round: where acknowledged writes are taken away on purpose, the checks say so."""
    server = make_server()
    [tables] = workloads(["tables"], seed="cut")
    tables.prepare(server)
    tables.run(server, 0)
    time.sleep(1.0)
    server.kill9()
    tables.join()
    assert tables.acknowledged > 20
    log = max(server.data_dir.glob("store/*.log"), key=lambda path: path.stat().st_mtime)
    os.truncate(log, log.stat().st_size // 2)
    server.start()
    with pytest.raises(Lost):
        tables.check(server)
