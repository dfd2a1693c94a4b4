"""Hours of a mapping's life: windows, retries and the age of records, on a server whose time is moved."""
import pytest

from support import server as servers
from support.waiting import wait_until


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    running = servers.Server(tmp_path_factory.mktemp("moving"), arguments=["--virtual-clock", "--mapping-retry-delay-ms", "60000"]).start()
    yield running
    running.close()


@pytest.fixture
def recorder(moving, make_recorder):
    return make_recorder(on=moving)


@pytest.fixture
def table(moving, make_table):
    return make_table(db=moving.client("dynamodb"))


def step_until(moving, condition, **step):
    """Moves time on and on until `condition` holds; real work in between takes real time."""
    def look():
        if condition():
            return True
        moving.advance(**step)
        return False

    wait_until(look, 30, every=0.2)


def test_a_window_of_five_minutes_passes_at_once(moving, recorder, table, mapped):
    mapped(table.stream, recorder.name, client=moving.client("lambda"), MaximumBatchingWindowInSeconds=300, BatchSize=1000)
    table.put_many(range(5))
    moving.advance(minutes=4)
    table.put_many(range(5, 8))
    assert recorder.calls() == []
    step_until(moving, lambda: len(recorder.records()) == 8, minutes=2)
    assert recorder.batches() == [[str(i) for i in range(8)]]
