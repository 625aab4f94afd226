"""What partitions cost a call, and whether staff's questions stay as fast while the ledger grows.

    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.partitions insert [TURNS]
    .ci/with-postgresql python -m benchmarks.partitions questions [MILLIONS [MONTHS]]

`insert` writes rows of calls into the ledger, with 78 partitions, and into a table of the same columns, indexes and
triggers that has none, in changing order. `questions` fills the ledger of 78 months, or the one table with 0 months,
and asks what pages ask, in a session that has seen the tables and in a new one: CPU time,
and in brackets how long. `questions 100` takes 62 GB, and more than an hour to fill.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import accounting, many_answers  # noqa: E402
from benchmarks.many_answers import BUSY, MILLION, execute  # noqa: E402
from chartero.postgresql import plans  # noqa: E402
from partners.identifiers import new_id  # noqa: E402
from partners.models import Organization, RequestRecord  # noqa: E402
from partners.partitions import converting, making  # noqa: E402
from partners.partitions.months import following, month_of  # noqa: E402
from partners.partitions.present import FIRST, LEDGER, now  # noqa: E402
from partners.record import ledger  # noqa: E402
from partners.statements import Statement  # noqa: E402
from partners.triggers import times  # noqa: E402

MONTHS, TURNS, ASKED = 78, 2_000, 9
PLAIN = "benchmark_plain"
SIZE = """
SELECT sum(pg_total_relation_size(oid)) / 1e9 FROM pg_class
WHERE relname LIKE 'partners_requestrecord%' AND relkind = 'r'
"""


def divide(months: int) -> None:
    """Give the empty ledger that many past months, or none at all."""
    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        return
    if not months:
        converting.unite(connection)
        return
    execute(f"DROP TABLE {FIRST}")
    this = month_of(now(connection))
    for number in range(1 - months, 1):
        month = following(this, number)
        name = f"{month:{making.MONTH}}"
        making.table(connection, name)
        making.attach(connection, name, month, following(month))
    making.ahead(connection)


def compare_inserts(turns: int) -> None:
    """Time single rows, and print the medians and the median of the ratios of each turn."""
    divide(MONTHS)
    execute(f"CREATE TABLE {PLAIN} (LIKE {LEDGER} INCLUDING ALL)")
    execute(f"CREATE UNIQUE INDEX ON {PLAIN} (request_id)")
    for (trigger,) in execute(
        f"SELECT pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = '{LEDGER}'::regclass"
    ):
        execute(trigger.replace(f" ON {LEDGER} ", f" ON {PLAIN} "))
    sql = ledger._INSERT.format(right_now=times.RIGHT_NOW["postgresql"])
    before = ledger._INSERT.format(right_now="%s").replace(LEDGER, PLAIN)
    ways = {"one table": Statement(before), "78 partitions": Statement(sql)}
    took: dict[str, list[float]] = {name: [] for name in ways}
    with plans.made_once():
        for turn in range(turns + 100):
            for name in random.sample([*ways], 2):
                values = row(1 if turn % 2 else 25)
                begun = time.perf_counter()
                ways[name].execute(*values)
                if turn >= 100:
                    took[name].append((time.perf_counter() - begun) * 1e6)
    ratio = statistics.median(new / old for old, new in zip(took["one table"], took["78 partitions"], strict=True))
    medians = ", ".join(f"{name} {statistics.median(each):.0f} µs" for name, each in took.items())
    print(f"{turns} turns: {medians}, ratio {ratio:.3f}; load {os.getloadavg()[0]:.1f}")


def row(size: int) -> list[Any]:
    """Return the values of one answer about that many patients."""
    pks = "{" + ",".join(str(random.randrange(200_000)) for _ in range(size)) + "}"
    head = [new_id("req"), now(connection), random.randrange(150), random.randrange(50), "GET", "encounters.list", ""]
    return [*head, "limit=25&offset=0", 200, "", None, size, 1500, "198.51.100.7", False, None, pks, pks, None]


def questions() -> dict[str, Callable[[], Any]]:
    """Return what is asked, by what it is called."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser(f"benchmark{random.randrange(2**32)}"))
    owner = Organization.objects.order_by("pk")[BUSY]
    key = owner.api_keys.get(pk=execute(f"SELECT api_key FROM benchmark_first WHERE number = {BUSY}")[0][0])
    [(low, high)] = execute(f"SELECT min(id), max(id) FROM {LEDGER}")
    some = [*RequestRecord.objects.filter(pk__in=[random.randint(low, high) for _ in range(50)])]
    requests = "/admin/partners/requestrecord/"
    pages = {
        "requests of all time": f"{requests}?time=all",
        "of 7 days": f"{requests}?time=7d",
        "of a key": f"{requests}?time=all&key={key.public_id}",
        "of an organization": f"{requests}?time=all&organization={owner.public_id}",
        "refused": f"{requests}?time=all&code=refused",
        "page of a key": f"/admin/partners/apikey/{key.pk}/change/",
        "page of an organization": f"/admin/partners/organization/{owner.pk}/change/",
        "home": "/admin/",
    }
    return {
        "row by its request id": lambda: RequestRecord.objects.get(request_id=random.choice(some).request_id),
        "row by its number": lambda: RequestRecord.objects.get(pk=random.choice(some).pk),
        "10,000 rows to seal": lambda: execute(
            f"SELECT max(id) FROM (SELECT id FROM {LEDGER} WHERE id > {high - 10_000} ORDER BY id LIMIT 10000) AS batch"
        ),
        "accounting of a patient": accounted,
        **{name: lambda address=address: opened(client, address) for name, address in pages.items()},
    }


def accounted() -> None:
    """Account for one patient of the median number of disclosures."""
    accounting.accounted(accounting.patients()["median patient"][0])


def opened(client: Client, address: str) -> None:
    """Open a page."""
    if (status := client.get(address).status_code) != 200:
        raise SystemExit(f"{address} answers {status}: not the page that was to be measured")


def ask(millions: float, months: int) -> None:
    """Fill, ask and print."""
    divide(months)
    begun = time.perf_counter()
    many_answers.fill(int(millions * MILLION))
    size = (
        f"SELECT sum(pg_total_relation_size(oid)) / 1e9 FROM pg_class WHERE relname LIKE '{LEDGER}%' AND relkind = 'r'"
    )
    filled = f"{time.perf_counter() - begun:.0f} s, {execute(size)[0][0]:.1f} GB"
    print(f"{millions:g} million rows, {months} months, filled in {filled}; load {os.getloadavg()[0]:.1f}", flush=True)
    for name, question in questions().items():
        question()
        warm, new = [timed(question) for _ in range(ASKED)], []
        for _ in range(5):
            connection.close()
            new.append(timed(question))
        shown = "{:8.1f} ms of CPU ({:.1f} ms), in a new session {:.1f} ({:.1f})"
        print(f"{name:28}{shown.format(*medians(warm), *medians(new))}", flush=True)


def medians(pairs: list[tuple[float, float]]) -> list[float]:
    """Return the median of each of both."""
    return [statistics.median(each) for each in zip(*pairs, strict=True)]


def timed(act: Callable[[], Any]) -> tuple[float, float]:
    """Return the milliseconds of CPU that it takes here and in the session of the database, and how long it takes."""
    session = None if connection.connection is None else backend()
    before, begun, own = session and on_cpu(session), time.perf_counter(), time.process_time()
    act()
    took, own = (time.perf_counter() - begun) * 1e3, (time.process_time() - own) * 1e3
    return own + on_cpu(backend()) - (before or 0), took


def backend() -> int:
    """Return the process that serves this session."""
    return int(connection.connection.info.backend_pid)


def on_cpu(process: int) -> float:
    """Return how many milliseconds a process of this machine has run."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def main() -> None:
    """Measure and print."""
    if connection.vendor != "postgresql":
        raise SystemExit("Name a PostgreSQL database in DATABASE_URL.")
    what, *numbers = sys.argv[1:]
    if what == "insert":
        compare_inserts(int(numbers[0]) if numbers else TURNS)
    else:
        ask(float(numbers[0]) if numbers else 1, int(numbers[1]) if numbers[1:] else MONTHS)


if __name__ == "__main__":
    main()
