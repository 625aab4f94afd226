"""What do kept totals cost those who write, and spare those who read? Both ways turn by turn, in one run.

    CHARTERO_FSYNC=on .ci/with-postgresql .venv/bin/python -m benchmarks.totals [LARGEST]
    DATABASE_URL=sqlite:////path/to/empty.sqlite3 .venv/bin/python -m benchmarks.totals [LARGEST]

Migrates the empty database of `DATABASE_URL`, and leaves invented encounters in it. First it writes encounters of one
day, with the triggers and without them; then it reads totals of organizations of 1,000, 100,000 and 1,000,000
encounters (or up to LARGEST) over three years, at odd times. Prints the median of each, and the median of the ratios of
the turns.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from encounters.totals import counting, sums  # noqa: E402
from encounters.totals.buckets import SERVED  # noqa: E402
from partners.models import Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402
from partners.statements import Statement  # noqa: E402

CHANGE = Change(by="benchmark", source="benchmark")
POSTGRESQL = connection.vendor == "postgresql"
SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
START, YEARS = datetime(2023, 1, 1, tzinfo=UTC), timedelta(days=1096)
TURNS, WRITING, BULK, READS = 9, 0.7, 100_000, 200  # turns of writing, seconds of each, rows at once, turns of reading

# Each row gets an instant within a span of so many seconds, by a prime: spread out, and the same ones always.
NUMBERS = {
    "postgresql": "generate_series(0, {rows} - 1) AS n",
    "sqlite": "(WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows} - 1)"
    " SELECT n FROM numbers)",
}[connection.vendor]
RANDOM_ID = {"postgresql": "substr(md5(random()::text), 1, 22)", "sqlite": "hex(randomblob(11))"}[connection.vendor]
INSTANT = {
    "postgresql": "CAST('{start}+00' AS timestamptz) + (CAST(n AS bigint) * 7919 %% {seconds}) * interval '1 second'",
    "sqlite": "datetime('{start}', (n * 7919 %% {seconds}) || ' seconds')",
}[connection.vendor]
INSERT = """
INSERT INTO encounters_encounter (public_id, organization_id, encounter_type, status, record_class, service_provider,
    created_at, updated_at)
SELECT 'enc_' || {random_id}, %s, 'ambient', 'completed', 'clinical', '', {instant}, {instant} FROM {numbers}
"""


def execute(sql: str, parameters: Any = None) -> None:
    """Execute one statement, committed on its own."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def insert(rows: int, seconds: int, start: datetime = START) -> str:
    """Return the statement that inserts so many encounters of one organization within so many seconds."""
    instant = INSTANT.format(start=start.replace(tzinfo=None), seconds=seconds)
    return INSERT.format(random_id=RANDOM_ID, instant=instant, numbers=NUMBERS.format(rows=rows))


def owner(name: str) -> int:
    """Return the primary key of a new organization."""
    return Organization.create(name, CHANGE).pk


# Writing -------------------------------------------------------------------------------------------------------------
def rate(pk: int, writers: int, rows: int) -> float:
    """Return the rows a second that so many writers insert at once, so many rows with each commit."""
    end = time.perf_counter() + WRITING
    with ThreadPoolExecutor(writers) as pool:
        written = sum(pool.map(lambda number: _write(pk, rows, number, end), range(writers)))
    return written / (time.perf_counter() - end + WRITING)


def _write(pk: int, rows: int, number: int, end: float) -> int:
    written, chance = 0, random.Random(number)
    try:
        while time.perf_counter() < end:
            second = START + timedelta(seconds=chance.randrange(3600))
            execute(insert(rows, 82_800, second), [pk])
            written += rows
        return written
    finally:
        connections["default"].close()


def bulk(pk: int) -> float:
    """Return the rows a second of one large insertion: by COPY, on SQLite by one statement."""
    if not POSTGRESQL:
        begun = time.perf_counter()
        execute(insert(BULK, 86_400), [pk])
        return BULK / (time.perf_counter() - begun)
    columns = (
        "public_id, organization_id, encounter_type, status, record_class, service_provider, created_at, updated_at"
    )
    chance, lines = random.Random(), []
    for number in range(BULK):
        instant = START + timedelta(seconds=number * 7919 % 86_400)
        lines.append(f"enc_{chance.getrandbits(88):022x}\t{pk}\tambient\tcompleted\tclinical\t\t{instant}\t{instant}\n")
    text, begun = "".join(lines), time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY encounters_encounter ({columns}) FROM STDIN") as copy:
        copy.write(text)
    return BULK / (time.perf_counter() - begun)


def show_writing() -> None:
    """Measure and print what the triggers cost."""
    kinds: dict[str, Callable[[int], float]] = {
        f"{writers} at once, {rows:,} a commit": lambda pk, writers=writers, rows=rows: rate(pk, writers, rows)
        for writers in ((1, 8) if POSTGRESQL else (1,))
        for rows in (1, 1_000)
    }
    kinds[f"{BULK:,} at once"] = bulk
    pk = owner("Benchmark of writing")
    print(f"{'rows a second':30}{'not kept':>10}{'kept':>10}{'ratio':>8}{'lowest':>8}{'highest':>9}")
    for name, measured in kinds.items():
        turns = [turn(partial(measured, pk)) for _ in range(TURNS)]
        without, kept = (statistics.median(each) for each in zip(*turns, strict=True))
        ratios = sorted(one / other for other, one in turns)
        print(
            f"{name:30}{without:10,.0f}{kept:10,.0f}{statistics.median(ratios):8.2f}{ratios[0]:8.2f}{ratios[-1]:9.2f}"
        )


def turn(measured: Callable[[], float]) -> tuple[float, float]:
    """Return what is measured without the triggers and with them, in either order, on a table that begins empty."""
    found = {}
    for kept in random.sample([False, True], 2):
        counting.remove(connection)
        execute("TRUNCATE encounters_encounter CASCADE" if POSTGRESQL else "DELETE FROM encounters_encounter")
        if kept:
            counting.install(connection)
        found[kept] = measured()
    return found[False], found[True]


# Reading -------------------------------------------------------------------------------------------------------------
def show_reading(largest: int) -> None:
    """Measure and print what a total costs, kept and by count(*), at each size."""
    print(f"\n{'a total, ms':30}{'count(*)':>10}{'kept':>10}")
    for size in (each for each in SIZES if each <= largest):
        counting.remove(connection)
        pk = owner(f"Benchmark of {size}")
        for _ in range(max(1, size // 1_000_000)):
            execute(insert(min(size, 1_000_000), int(YEARS.total_seconds())), [pk])
        begun = time.perf_counter()
        counting.install(connection)
        took = time.perf_counter() - begun
        execute("VACUUM ANALYZE" if POSTGRESQL else "ANALYZE")
        for bounds in ((), ("start",), ("end",), ("start", "end")):
            count, kept = reading(pk, bounds)
            print(f"{size:>10,}  {' and '.join(bounds) or 'no bounds':18}{count:10.2f}{kept:10.2f}")
        print(f"{'':12}{'all counted again':18}{'':10}{took * 1e3:10.0f}")


def reading(pk: int, bounds: tuple[str, ...]) -> tuple[float, float]:
    """Return the median ms of a total by count(*) and from the kept counts, which must agree."""
    conditions = {"start": " AND created_at >= %s", "end": " AND created_at < %s"}
    count = f"SELECT count(*) FROM encounters_encounter WHERE organization_id = %s AND {SERVED}"
    count += "".join(conditions[bound] for bound in bounds)
    times: dict[str, list[float]] = {"count": [], "kept": []}
    end = time.perf_counter() + 10
    for number in range(READS):
        window = dict(zip(("start", "end"), odd_window(), strict=True))
        given = [window.get(bound) if bound in bounds else None for bound in ("start", "end")]
        asked = {
            "count": (Statement(count), [pk, *(each for each in given if each is not None)]),
            "kept": (Statement(f"SELECT {sums.sql(bounds)}"), sums.parameters(pk, *given)),
        }
        found = {way: timed(times[way], *asked[way]) for way in random.sample([*asked], 2)}
        for _ in range(4):  # most of them not just after a count has filled every cache
            timed(times["kept"], *asked["kept"])
        if found["count"] != found["kept"]:
            raise SystemExit(f"The kept total of {window} is {found['kept']}, by count(*) {found['count']}.")
        if time.perf_counter() > end and number > 20:
            break
    return statistics.median(times["count"]), statistics.median(times["kept"])


def odd_window() -> list[datetime]:
    """Return a window whose edges lie on no boundary."""
    return sorted(START + random.random() * YEARS for _ in range(2))


def timed(times: list[float], statement: Statement, values: list[Any]) -> int:
    """Read a number and note the ms that it took."""
    begun = time.perf_counter()
    [[number]] = statement.rows(*values)
    times.append((time.perf_counter() - begun) * 1e3)
    return int(number)


def main() -> None:
    """Fill, measure and print."""
    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("This database holds organizations. Name an empty one in DATABASE_URL.")
    print(f"{connection.vendor}; load {os.getloadavg()[0]:.1f}\n")
    show_writing()
    show_reading(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)


if __name__ == "__main__":
    main()
