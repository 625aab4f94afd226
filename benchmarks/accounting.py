"""Is a patient's accounting quick over 10 million answers? Aim: under 2 s, for the patient of the most answers too.

    .ci/with-postgresql python -m benchmarks.accounting [MILLIONS]

Fills the empty PostgreSQL of `DATABASE_URL` with about 7 GB: 50 organizations of 4,000 patients, and the answers of six
years and a month; of each 100 of them 68 with one patient, 30 lists of 25, 2 refusals. Then times accountings, of
patients whose rows the system was told to forget and reads from disk, and of the same once more; and staff's pages.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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

from partners.accounting.disclosures import Accounting  # noqa: E402
from partners.accounting.periods import Period  # noqa: E402
from partners.catalogue.routes import Route, Scope  # noqa: E402
from partners.keys import lifetimes  # noqa: E402
from partners.models import ApiKey, Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402

CHANGE = Change(by="benchmark", source="benchmark", reason="a measurement")
MILLION, CHUNK = 1_000_000, 500_000
ORGANIZATIONS, KEYS, PATIENTS, ENCOUNTERS = 50, 3, 4_000, 12_000  # the last three of each organization
BUSY = 7  # the organization of which every tenth answer has its first encounter's patient

# The rows of an organization follow one another, so that arithmetic finds the patient of an encounter.
SUBJECTS = f"""
INSERT INTO encounters_patient (public_id, organization_id, first_name, last_name)
SELECT 'pat_' || substr(md5(id || 'p' || n), 1, 22), id, 'Invented', 'Patient' || n
FROM partners_organization, generate_series(1, {PATIENTS}) AS n ORDER BY id, n;

CREATE TABLE benchmark_first AS SELECT row_number() OVER (ORDER BY organization_id) - 1 AS number, organization_id,
    min(id) AS patient, (SELECT min(id) FROM partners_apikey AS key
        WHERE key.organization_id = patient.organization_id) AS api_key
FROM encounters_patient AS patient GROUP BY organization_id;

INSERT INTO encounters_encounter (public_id, organization_id, patient_id, encounter_type, status, record_class,
    service_provider, created_at, updated_at)
SELECT 'enc_' || substr(md5(number || 'e' || n), 1, 22), organization_id, patient + n * 7919 % {PATIENTS},
    'ambient', 'completed', 'clinical', '', now() - n * interval '4 hours', now()
FROM benchmark_first, generate_series(0, {ENCOUNTERS} - 1) AS n ORDER BY number, n
"""

ANSWERS = f"""
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, count, microseconds, address, new_network, encounters, patients)
SELECT 'req_' || substr(md5(turn::text), 1, 22), now() - (1 - turn / {{rows}}::float) * interval '2222 days',
    api_key + turn % {KEYS}, organization_id, 'GET',
    CASE size WHEN 1 THEN 'encounters.detail' ELSE 'encounters.list' END,
    CASE size WHEN 1 THEN 'enc_' || substr(md5(turn::text), 1, 22) ELSE '' END,
    CASE size WHEN 25 THEN 'limit=25&offset=' || place || '&sort_order=desc' ELSE '' END,
    CASE size WHEN 0 THEN 422 ELSE 200 END, CASE size WHEN 0 THEN 'invalid_limit' ELSE '' END, size, 1500,
    '198.51.100.' || turn % 256, false,
    ARRAY(SELECT number * {ENCOUNTERS} + 1 + place + i FROM generate_series(0, size - 1) AS i),
    ARRAY(SELECT patient + (place + i) * 7919 % {PATIENTS} FROM generate_series(0, size - 1) AS i)
FROM (
    SELECT turn, floor(random() * {ORGANIZATIONS})::int AS number, random() AS kind, random() AS spot
    FROM generate_series({{low}}, {{high}}) AS turn OFFSET 0
) AS chance
JOIN benchmark_first USING (number)
CROSS JOIN LATERAL (
    SELECT CASE WHEN kind < 0.68 THEN 1 WHEN kind < 0.98 THEN 25 ELSE 0 END AS size,
        CASE WHEN number = {BUSY} AND spot < 0.1 THEN 0 ELSE floor(spot * {ENCOUNTERS - 25})::int END AS place
) AS said
"""


def execute(sql: str) -> list[Any]:
    """Execute a statement and return the rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def fill(rows: int) -> None:
    """Invent everything, the answers in their order of time; the indexes that the migrations made are made again."""
    call_command("migrate", verbosity=0)
    if Organization.objects.exists() or connection.vendor != "postgresql":
        raise SystemExit("Name an empty PostgreSQL database in DATABASE_URL.")
    values = {"label": "x", "scopes": Scope, "expires_at": lifetimes.default_end()}
    for number in range(ORGANIZATIONS):
        owner = Organization.create(f"Invented Practice {number}", CHANGE)
        owner.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
        for _ in range(KEYS):
            ApiKey.issue(CHANGE, organization=owner, **values)
    for statement in SUBJECTS.split(";"):
        execute(statement)
    with unindexed("partners_requestrecord"):
        for low in range(1, rows, CHUNK):
            execute(ANSWERS.format(rows=rows, low=low, high=min(low + CHUNK - 1, rows)))
    execute("VACUUM ANALYZE")


@contextmanager
def unindexed(table: str) -> Iterator[None]:
    """Drop a table's indexes and unique constraints, and create them again once it is filled. The primary key stays."""
    unique = execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE contype = 'u' AND conrelid = '{table}'::regclass"
    )
    for name, _ in unique:
        execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = execute(
        f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}' AND indexdef NOT LIKE '%UNIQUE%'"
    )
    for name, _ in indexes:
        execute(f"DROP INDEX {name}")
    yield
    execute("SET maintenance_work_mem = '1GB'")
    for name, definition in unique:
        execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        execute(definition)


def forget() -> None:
    """Tell the system to let go of the database's files, as far as PostgreSQL does not hold them itself."""
    execute("CHECKPOINT")
    for file in Path(execute("SHOW data_directory")[0][0]).rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


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
    begun = time.perf_counter()
    fill(rows)
    sizes = "pg_table_size('partners_requestrecord') / 1e9, pg_indexes_size('partners_requestrecord') / 1e9"
    table, indexes = execute(f"SELECT {sizes}")[0]
    print(
        f"{rows} rows in {time.perf_counter() - begun:.0f} s: table {table:.1f} GB, indexes {indexes:.1f} GB",
        flush=True,
    )
    show_accountings()
    show_pages()


if __name__ == "__main__":
    main()
