"""How much memory a worker holds at its peak, after all rounds and under load."""

import threading
from collections import defaultdict
from collections.abc import Sequence

from benchmarks.compare.load import Call, measured
from benchmarks.compare.proc import pss, tree
from benchmarks.compare.serving import Service

BETWEEN = 0.2  # seconds between two looks


def peaks(service: Service, calls: Sequence[Call], seconds: int) -> list[float]:
    """Return the highest PSS of each worker in MB, while it answers each of the calls."""
    highest: dict[int, float] = defaultdict(float)
    over = threading.Event()

    def look() -> None:
        while not over.wait(BETWEEN):
            for pid in tree(service.pid)[1:]:
                highest[pid] = max(highest[pid], pss(pid))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for call in calls:
            measured(service, call, 32, seconds)
    finally:
        over.set()
        watcher.join()
    return sorted(highest.values(), reverse=True)
