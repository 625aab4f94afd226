"""Is a patient's accounting quick over 10 million answers? Aim: under 2 s, for the patient of the most answers too.

    .ci/with-postgresql python -m benchmarks.accounting [MILLIONS]

Fills the empty PostgreSQL of `DATABASE_URL` with about 7 GB (`many_answers`); one that was filled so before stays as it
is. Then times accountings, of patients whose rows the system was told to forget and reads from disk, and of the same
once more; and staff's pages.
"""

import os
import random
import statistics
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks.many_answers import BUSY, CHANGE, MILLION, ORGANIZATIONS, PATIENTS, execute, fill, forget  # noqa: E402
from partners.accounting.disclosures import Accounting  # noqa: E402
from partners.accounting.periods import Period  # noqa: E402
from partners.models import Organization  # noqa: E402


def accounted(patient_id: str) -> tuple[int, float, float]:
    """Return the number of disclosures, and the seconds to the page's totals with its first hundred, and to all."""
    begun = time.perf_counter()
    accounting = Accounting.ask(CHANGE, patient_id, Period.of(), form="page")
    list(accounting.disclosures(100))
    to_page = time.perf_counter() - begun
    begun = time.perf_counter()
    list(accounting.disclosures())
    return accounting.number, to_page, time.perf_counter() - begun


def patients() -> dict[str, list[str]]:
    """Return the ids of patients to ask for, by what they are called: the busiest, and others by chance."""
    busiest = execute(f"SELECT public_id FROM encounters_patient WHERE id = {first_of(BUSY)}")[0][0]
    others = [first_of(number) + random.randrange(PATIENTS) for number in random.sample(range(ORGANIZATIONS), 9)]
    chosen = execute(f"SELECT public_id FROM encounters_patient WHERE id IN ({', '.join(map(str, others))})")
    return {"busiest patient": [busiest], "median patient": [row[0] for row in chosen]}


def first_of(number: int) -> int:
    """Return the primary key of an organization's first patient."""
    found: int = execute(f"SELECT patient FROM benchmark_first WHERE number = {number}")[0][0]
    return found


def show_accountings() -> None:
    """Time the accountings and print them."""
    for name, chosen in patients().items():
        for state in ("cold", "warm"):
            if state == "cold":
                forget()
            done = [accounted(patient_id) for patient_id in chosen]
            number, page, everything = (statistics.median(each) for each in zip(*done, strict=True))
            print(f"{name}, {number:.0f} disclosures, {state}: page {page:.3f} s, file {everything:.3f} s")


def show_pages() -> None:
    """Time the pages of staff and print them."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser("benchmark"))
    owner = Organization.objects.order_by("pk")[BUSY]
    key, requests = owner.api_keys.first(), "/admin/partners/requestrecord/"
    asked = {"time=all": "all", "time=7d": "7 days", f"time=all&organization={owner.public_id}": "of an organization"}
    asked |= {
        f"time=all&key={key.public_id}": "of a key",
        "time=all&code=refused": "refused",
        "time=all&status=503": "of a status that never came",
    }
    pages = {"home": "/admin/", "requests": requests} | {
        f"requests, {name}": f"{requests}?{query}" for query, name in asked.items()
    }
    pages |= {
        "key": f"/admin/partners/apikey/{key.pk}/change/",
        "organization": f"/admin/partners/organization/{owner.pk}/change/",
    }
    for name, address in pages.items():
        times = [opened(client, address) for _ in range(6)]
        print(f"{name}: first {times[0]:.3f} s, then {statistics.median(times[1:]):.3f} s")


def opened(client: Client, address: str) -> float:
    """Open a page and return the seconds that it took."""
    begun = time.perf_counter()
    status = client.get(address).status_code
    took = time.perf_counter() - begun
    if status != 200:
        raise SystemExit(f"{address} answers {status}: not the page that was to be measured")
    return took


def main() -> None:
    """Fill, measure and print."""
    rows = int(float(sys.argv[1]) * MILLION) if len(sys.argv) > 1 else 10 * MILLION
    if connection.vendor != "postgresql":
        raise SystemExit("Name a PostgreSQL database in DATABASE_URL.")
    begun = time.perf_counter()
    fill(rows)
    sizes = "sum(pg_table_size(relid)) / 1e9, sum(pg_indexes_size(relid)) / 1e9"
    table, indexes = execute(f"SELECT {sizes} FROM pg_partition_tree('partners_requestrecord')")[0]
    print(
        f"{rows} rows in {time.perf_counter() - begun:.0f} s: table {table:.1f} GB, indexes {indexes:.1f} GB",
        flush=True,
    )
    show_accountings()
    show_pages()


if __name__ == "__main__":
    main()
