"""Does an answer take longer the more encounters an organization has? One connection, organizations in turn."""

import http.client
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from statistics import median

from benchmarks.compare.cluster import Cluster
from benchmarks.compare.invented import SPAN, START
from benchmarks.compare.proc import cpu_seconds, machine_seconds
from benchmarks.compare.serving import LIST, Service

FAR = 10_000
FIRST, OFFSET, YEAR = "first page", f"offset {FAR:,}", "a year of the ten"
COUNT = """
SELECT count(*) FROM encounters_encounter WHERE organization_id = %s AND record_class = 'clinical'
AND withdrawn_at IS NULL AND created_at >= %s AND created_at < %s
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """Median milliseconds by candidate, question and size; the share of the CPU that others took meanwhile."""

    sizes: tuple[int, ...]
    times: dict[tuple[str, str, int], float]
    others: float

    def ratio(self, name: str, one: tuple[str, int], other: tuple[str, int]) -> float | None:
        """Return how many times as long a candidate takes for one question and size as for another."""
        taken, base = (self.times.get((name, *each)) for each in (one, other))
        return taken / base if taken and base else None


def measure(services: Sequence[Service], sizes: tuple[int, ...], turns: int) -> Scale:
    """Time each question at each size, in turns of changing order; callers are called as their size."""
    asked = [(name, size) for name, size in product((FIRST, OFFSET, YEAR), sizes) if name != OFFSET or size > FAR]
    times: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    connections = {service.name: _connect(service) for service in services}
    everything = [(service, *each) for service in services for each in asked]
    begun, machine, ours = time.monotonic(), machine_seconds(), cpu_seconds(os.getpid())
    for turn in range(-turns // 10, turns):
        for service, name, size in random.sample(everything, len(everything)):
            took = _timed(connections[service.name], _path(name), service.tokens[str(size)])
            if turn >= 0:
                times[service.name, name, size].append(took)
    spent = machine_seconds() - machine - (cpu_seconds(os.getpid()) - ours)
    others = max(0.0, spent) / (time.monotonic() - begun) / (os.cpu_count() or 1)
    return Scale(sizes, {key: median(each) for key, each in times.items()}, others)


def check_totals(cluster: Cluster, database: str, service: Service, sizes: tuple[int, ...]) -> None:
    """Compare totals with the truth, whole and for a window of each size; stop where one is wrong."""
    with closing(cluster.connect(database)) as connection:
        for pk, size in enumerate(sizes, 1):
            start, end = _window()
            (counted,) = connection.execute(COUNT, [pk, start, end]).fetchone() or (None,)
            _check_total(service, size, "", size)
            _check_total(service, size, f"&{_bounds(start, end)}", counted)


def _check_total(service: Service, size: int, bounds: str, expected: int | None) -> None:
    _, body = service.get(f"{LIST}?limit=1{bounds}", str(size))
    if not isinstance(body, dict) or body["total"] != expected:
        raise SystemExit(f"Of {size:,} encounters {expected} should be found with {bounds!r}: {str(body)[-80:]}")


def _path(name: str) -> str:
    if name == YEAR:
        return f"{LIST}?limit=25&{_bounds(*_window())}"
    return f"{LIST}?limit=25&offset={FAR if name == OFFSET else 0}"


def _window() -> tuple[str, str]:
    """Return a window of a year and some hours, whose edges are those of no day."""
    start = START + random.random() * (SPAN - timedelta(days=367))
    end = start + timedelta(days=365, seconds=random.randrange(86_400))
    return f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


def _bounds(start: str, end: str) -> str:
    return f"start_at={start}&end_at={end}"


def _connect(service: Service) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)


def _timed(connection: http.client.HTTPConnection, path: str, token: str) -> float:
    """Return the milliseconds of a call."""
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - begun) * 1e3
    if answer.status != 200 or "total" not in json.loads(body):
        raise SystemExit(f"{path} answers {answer.status}: not what was to be measured")
    return took
