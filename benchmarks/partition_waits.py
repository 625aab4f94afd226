"""How long a call waits while the ledger is divided into months, or old months are dropped.

    python -m benchmarks.partition_waits

In a database that `benchmarks.partitions questions` filled: with 0 months the table is divided, with others six old
months of 100,000 rows are added and dropped. Four sessions write rows meanwhile.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.db import connection  # noqa: E402

from benchmarks.many_answers import CHANGE, execute  # noqa: E402
from benchmarks.partitions import row  # noqa: E402
from chartero.postgresql import plans  # noqa: E402
from partners.partitions import converting, making  # noqa: E402
from partners.partitions.months import following  # noqa: E402
from partners.partitions.present import now, partitions  # noqa: E402
from partners.record import ledger  # noqa: E402
from partners.record.retention import Pruning  # noqa: E402
from partners.triggers import times  # noqa: E402

OLD, SESSIONS = 6, 4
AGAIN = """
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, count, microseconds, address, new_network, encounters, patients)
SELECT 'req_' || substr(md5(random()::text), 1, 22), timestamptz '{month}' + random() * interval '28 days', api_key_id,
    organization_id, method, route, resource, query, status, reason_code, count, microseconds, address, new_network,
    encounters, patients
FROM partners_requestrecord LIMIT 100000
"""


def wait() -> None:
    """Divide the table, or drop months that are old enough, and print how long a call waited meanwhile."""
    if not partitions(connection):
        beside("dividing the table", lambda: converting.divide(connection))
        return
    oldest = partitions(connection)[0].start or now(connection)
    for number in range(-OLD, 0):
        month = following(oldest, number)
        making.table(connection, f"{month:{making.MONTH}}")
        making.attach(connection, f"{month:{making.MONTH}}", month, following(month))
        with times.given(connection):
            execute(AGAIN.format(month=month.isoformat()))
    beside(f"dropping {OLD} months", lambda: Pruning(6, 1_000).run(CHANGE))


def beside(name: str, act: Callable[[], Any]) -> None:
    """Run something while sessions write rows, and print how long it took, and the longest wait for a row."""
    over = Event()
    with ThreadPoolExecutor(SESSIONS) as pool:
        writing = [pool.submit(write_until, over) for _ in range(SESSIONS)]
        time.sleep(3)
        begun = time.perf_counter()
        act()
        took = time.perf_counter() - begun
        time.sleep(1)
        over.set()
        longest = [each for written in writing for each in written.result()]
    calm = [took for at, took in longest if at < begun]
    busy = [took for at, took in longest if at >= begun]
    print(
        f"{name}: {took:.1f} s, {len(longest)} rows; longest {max(busy):.0f} ms, before it {max(calm):.0f} ms;"
        f" load {os.getloadavg()[0]:.1f}"
    )


def write_until(over: Event) -> list[tuple[float, float]]:
    """Write rows as calls do. Return when each began, and the milliseconds that it took."""
    insert, written = ledger._insert("postgresql"), []
    with plans.made_once():
        while not over.is_set():
            values, begun = row(1), time.perf_counter()
            insert.execute(*values)
            written.append((begun, (time.perf_counter() - begun) * 1e3))
    connection.close()
    return written


if __name__ == "__main__":
    wait()
