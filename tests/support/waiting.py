"""Waiting for what a server does by itself."""
import time


def wait_until(condition, timeout=30.0, every=0.05, what=None):
    """Calls `condition` until it returns something true, and returns that. AssertionError after `timeout` seconds.

    An AssertionError that `condition` raises counts as "not yet"; it is shown when time runs out.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}; last: {last!r}")
        time.sleep(every)
