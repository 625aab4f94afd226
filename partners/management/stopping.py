"""Services that end when they are told to: SIGTERM from systemd, SIGINT from a terminal."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` instead of ending the process, while the block runs."""
    before = [(each, signal.signal(each, lambda *_: stop())) for each in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
