"""Fixtures of the black-box tests. They speak to a server process over its ports, with the clients that users have."""
import itertools
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import archives, server as servers, waiting  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than ten seconds")


def pytest_runtest_makereport(item, call):
    """Names the server's log where a test that used a server fails."""
    if call.excinfo is not None and call.when == "call":
        running = item.funcargs.get("server") or item.funcargs.get("own_server")
        if running is not None and hasattr(running, "log_tail"):
            item.add_report_section("call", "server log (end)", running.log_tail(25))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for the whole run: relaxed, identity off. Tests use names of their own, and may restart it."""
    if not servers.binary().exists():
        pytest.fail(f"{servers.binary()} is not built (./dev build)")
    with servers.serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def make_server(tmp_path):
    """A factory of servers with options of their own (see support.server.Server); stopped after the test."""
    made = []

    def make(start=True, **options):
        made.append(servers.Server(tmp_path / f"server{len(made)}", **options))
        return made[-1].start() if start else made[-1]

    yield make
    for one in made:
        one.close()


_numbers = itertools.count(1)


@pytest.fixture
def unique():
    """unique("orders") -> a name that no other test and no earlier run on the same server uses."""
    return lambda prefix="t": f"{prefix}-{os.getpid()}-{next(_numbers)}"


@pytest.fixture
def wait_until():
    return waiting.wait_until


@pytest.fixture
def zip_of():
    return archives.zip_of
