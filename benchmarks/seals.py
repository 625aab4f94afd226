"""What sealing costs a call, how fast it and a verification are, and whether one ever raises a false alarm.

    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.seals [MINUTES [ROWS]]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.seals [MINUTES [ROWS]]

Migrates the empty database of `DATABASE_URL` and fills it with invented data, which stay there. First it calls the
WSGI application in process, 50 times a second, in windows of five seconds that take turns: alone; while another process
seals and prunes five times a second; and while a third one besides verifies the whole chain again and again, which
takes a core. Any fault that it finds is a false alarm, and ends with exit code 1. Then it seals and verifies ROWS more.
"""

import math
import multiprocessing
import os
import random
import statistics
import sys
import time
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event

from django.utils import timezone

from benchmarks.record_cost import CHANGE, LIST, WSGIHandler, called, connection, fill
from partners.identifiers import random_base62
from partners.models import ApiKey, RequestRecord
from partners.models.change import Action, ChangeEvent
from partners.record.retention import Pruning
from partners.seals import sealing, verifying
from partners.triggers import times

WINDOW, PACE, WARM_UP = 5.0, 1 / 50, 50
KINDS = ("alone", "sealing", "sealing and verifying")
YEAR, OLDEST, YOUNGEST, OF_EACH = timedelta(days=366), 100, 7, 20  # years, and rows of each age that are pruned


def record(key: ApiKey, number: int, ago: timedelta = timedelta()) -> RequestRecord:
    """Return an invented row of the ledger."""
    pks = [random.randrange(10**6) for _ in range(25)]
    return RequestRecord(
        request_id=f"req_{random_base62(22)}",
        occurred_at=timezone.now() - ago,
        api_key=key,
        organization_id=key.organization_id,
        method="GET",
        route="encounters.list",
        query="limit=25&offset=0&sort_order=desc",
        status=200,
        count=25,
        microseconds=1500,
        address=f"198.51.100.{number % 256}",
        new_network=False,
        encounters=pks,
        patients=pks,
    )


def keep(working: Event, over: Event, found: "Queue[str]") -> None:
    """Record a change, seal, and prune rows one year younger each time, while `working` is set."""
    years = OLDEST
    while not over.is_set():
        if working.wait(0.1):
            ChangeEvent.record(Action.COMMENTED, CHANGE)
            sealing.seal()
            Pruning(max(6, years), 5).run(CHANGE)
            years -= 1
            time.sleep(0.2)


def verify(working: Event, over: Event, found: "Queue[str]") -> None:
    """Verify while `working` is set, and report each fault, and a blank for each verification."""
    while not over.is_set():
        if working.wait(0.1):
            result = verifying.verify()
            for told in (*map(str, result.first.values()), ""):
                found.put(told)


def measured(minutes: float) -> tuple[dict[str, list[float]], list[str]]:
    """Return the µs of calls in each kind of window, and each fault found, and a blank for each verification."""
    token, ids = fill()
    application, spawn = WSGIHandler(), multiprocessing.get_context("spawn")
    sealed, verified, over, found = spawn.Event(), spawn.Event(), spawn.Event(), spawn.Queue()
    key = ApiKey.objects.get()
    ages = [years * YEAR for years in range(OLDEST, YOUNGEST, -1) for _ in range(OF_EACH)]
    with times.given(connection):
        RequestRecord.objects.bulk_create([record(key, number, age) for number, age in enumerate(ages)])
    sealing.seal()
    others = [
        spawn.Process(target=target, args=(working, over, found))
        for target, working in ((keep, sealed), (verify, verified))
    ]
    for other in others:
        other.start()
    for _ in range(WARM_UP):
        called(application, token, f"{LIST}/{random.choice(ids)}", "")
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for window in range(max(len(KINDS), math.ceil(minutes * 60 / WINDOW))):
        kind = KINDS[window % len(KINDS)]
        sealed.clear() if kind == "alone" else sealed.set()
        verified.set() if kind == "sealing and verifying" else verified.clear()
        until = time.monotonic() + WINDOW
        while time.monotonic() < until:
            begun = time.monotonic()
            taken[kind].append(called(application, token, f"{LIST}/{random.choice(ids)}", ""))
            time.sleep(max(0.0, PACE - (time.monotonic() - begun)))
    over.set()
    sealed.set()
    verified.set()
    told = []
    while any(other.is_alive() for other in others) or not found.empty():
        if found.empty():
            time.sleep(0.05)
        else:
            told.append(found.get())
    return taken, told


def speed(rows: int) -> None:
    """Seal and verify that many rows, and print how many a second, by the clock and by the time of this process."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # as for commands
    key = ApiKey.objects.get()
    for low in range(0, rows, 5_000):
        RequestRecord.objects.bulk_create([record(key, number) for number in range(low, low + 5_000)], batch_size=500)
    for name, act in (("seal", sealing.seal), ("verify", verifying.verify)):
        clock, process = time.perf_counter(), time.process_time()
        act()
        clock, process = time.perf_counter() - clock, time.process_time() - process
        print(f"{name:7} {rows / clock:9,.0f} rows/s by the clock {rows / process:9,.0f} by the time of the process")


def main() -> None:
    """Measure and print."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    taken, told = measured(minutes)
    faults = sorted({fault for fault in told if fault})
    calls = sum(map(len, taken.values()))
    print(f"{connection.vendor}, load {os.getloadavg()[0]:.1f}")
    print(f"{told.count('')} verifications beside {calls} calls; false alarms: {faults or 'none'}")
    for name, share in (("median", 0.5), ("95 %", 0.95)):
        alone = quantile(taken["alone"], share)
        for kind, calls_of in taken.items():
            print(
                f"call, {name:7} {quantile(calls_of, share):8.0f} µs {quantile(calls_of, share) / alone:6.2f} × {kind}"
            )
    speed(rows)
    sys.exit(bool(faults))


def quantile(times: list[float], share: float) -> float:
    """Return the value below which this share of the times is."""
    return statistics.quantiles(times, n=100)[round(share * 100) - 1]


if __name__ == "__main__":
    main()
