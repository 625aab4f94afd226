"""What does a row of the ledger cost, by the way in which it says whose data an answer held? Side by side, in one run.

    python -m benchmarks.ledger_designs [ROUNDS]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.ledger_designs [ROUNDS]

Makes tables of its own in the database of `DATABASE_URL` and drops them. Each design takes turns in changing order,
with 1, 25 and 100 patients of 100,000, one durable commit each. Prints the median µs of a row, and the bytes of
an answer.
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.db import connection  # noqa: E402

from partners.identifiers import new_id  # noqa: E402

SIZES, PATIENTS = (1, 25, 100), 100_000
POSTGRESQL = connection.vendor == "postgresql"
KEY = "bigserial PRIMARY KEY" if POSTGRESQL else "integer PRIMARY KEY AUTOINCREMENT"
COMMON = (
    f"id {KEY}, request_id varchar(26), occurred_at timestamp, api_key_id bigint, organization_id bigint, route text"
)
LISTS = "encounters bigint[], patients bigint[]" if POSTGRESQL else "encounters text, patients text"
HEAD = "request_id, occurred_at, api_key_id, organization_id, route"
NOW = "now()" if POSTGRESQL else "datetime('now')"
VALUES = f"%s, {NOW}, 1, 1, 'encounters.list'"
EACH = (
    "unnest(%s::bigint[], %s::bigint[])"
    if POSTGRESQL
    else "json_each(%s) AS e JOIN json_each(%s) AS p ON e.key = p.key"
)
PAIR = "*" if POSTGRESQL else "e.value, p.value"
Design = Callable[[list[int], list[int]], None]


def run(sql: str, *parameters: Any) -> Any:
    """Execute one statement, committed on its own, and return the cursor."""
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    return cursor


def array(pks: list[int]) -> Any:
    """Return a list as the database takes it."""
    return pks if POSTGRESQL else json.dumps(pks)


def header_only(encounters: list[int], patients: list[int]) -> None:
    """Write a row that says nothing of patients: what any record costs."""
    run(f"INSERT INTO design_header ({HEAD}) VALUES ({VALUES})", new_id("req"))


def arrays(table: str) -> Design:
    """Return the design of one row with arrays."""
    sql = f"INSERT INTO {table} ({HEAD}, encounters, patients) VALUES ({VALUES}, %s, %s)"
    return lambda encounters, patients: run(sql, new_id("req"), array(encounters), array(patients)) and None


def row_per_patient(encounters: list[int], patients: list[int]) -> None:
    """Write a row of the answer, and below it one per patient, in one transaction."""
    if POSTGRESQL:
        run(
            f"WITH head AS (INSERT INTO design_head ({HEAD}) VALUES ({VALUES}) RETURNING id) INSERT INTO design_patient"
            " SELECT pair.patient, head.id, pair.encounter FROM head, unnest(%s::bigint[], %s::bigint[])"
            " AS pair(encounter, patient)",
            new_id("req"),
            encounters,
            patients,
        )
        return
    run("BEGIN IMMEDIATE")
    pk = run(f"INSERT INTO design_head ({HEAD}) VALUES ({VALUES})", new_id("req")).lastrowid
    pairs = "SELECT p.value, %s, e.value FROM json_each(%s) AS e JOIN json_each(%s) AS p ON e.key = p.key"
    run(f"INSERT INTO design_patient {pairs}", pk, array(encounters), array(patients))
    run("COMMIT")


def flat(encounters: list[int], patients: list[int]) -> None:
    """Write one wide row per patient, and nothing else."""
    run(
        f"INSERT INTO design_flat ({HEAD}, encounter, patient) SELECT {VALUES}, {PAIR} FROM {EACH}",
        new_id("req"),
        array(encounters),
        array(patients),
    )


DESIGNS: dict[str, Design] = {
    "no patients at all": header_only,
    "one row, arrays, no index of patients": arrays("design_arrays"),
    "one row, arrays, GIN": arrays("design_gin"),
    "one row, arrays, GIN without its pending list": arrays("design_gin_direct"),
    "one row, and one per patient below it": row_per_patient,
    "one wide row per patient": flat,
}
if not POSTGRESQL:
    del DESIGNS["one row, arrays, GIN"], DESIGNS["one row, arrays, GIN without its pending list"]
TABLES = {
    "design_header": COMMON,
    "design_arrays": f"{COMMON}, {LISTS}",
    "design_gin": f"{COMMON}, {LISTS}",
    "design_gin_direct": f"{COMMON}, {LISTS}",
    "design_head": COMMON,
    "design_flat": f"{COMMON}, encounter bigint, patient bigint",
}
TABLE_OF = dict(zip(DESIGNS, TABLES, strict=True)) if POSTGRESQL else {}


def create() -> None:
    """Make every table with the indexes that the staff's pages need."""
    for table, columns in TABLES.items():
        run(f"CREATE TABLE {table} ({columns})")
        unique = "" if table == "design_flat" else "UNIQUE"
        run(f"CREATE {unique} INDEX {table}_request ON {table} (request_id)")
        run(f"CREATE INDEX {table}_key ON {table} (api_key_id, occurred_at)")
        run(f"CREATE INDEX {table}_organization ON {table} (organization_id, occurred_at)")
    run("CREATE INDEX design_flat_patient ON design_flat (patient, occurred_at)")
    run("CREATE TABLE design_patient (patient bigint, record bigint, encounter bigint)")
    run("CREATE INDEX design_patient_record ON design_patient (patient, record)")
    if POSTGRESQL:
        run("CREATE INDEX design_gin_patients ON design_gin USING gin (patients)")
        run("CREATE INDEX design_gin_direct_p ON design_gin_direct USING gin (patients) WITH (fastupdate = off)")


def drop() -> None:
    """Remove every table of this benchmark."""
    for table in [*TABLES, "design_patient"]:
        run(f"DROP TABLE IF EXISTS {table}")


def measure(rounds: int) -> dict[tuple[str, int], list[float]]:
    """Return the µs of each row by design and number of patients."""
    times: dict[tuple[str, int], list[float]] = {(name, size): [] for name in DESIGNS for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            patients = random.sample(range(PATIENTS), size)
            encounters = [pk * 7 for pk in patients]
            for name in random.sample([*DESIGNS], len(DESIGNS)):
                begun = time.perf_counter()
                DESIGNS[name](encounters, patients)
                times[name, size].append((time.perf_counter() - begun) * 1e6)
    return times


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    drop()
    create()
    times = measure(rounds)
    print(f"{connection.vendor}, {rounds} rounds; median µs (95th percentile) of a committed row")
    for name in DESIGNS:
        cells = []
        for size in SIZES:
            ordered = sorted(times[name, size])
            cells.append(
                f"{statistics.median(ordered):8.0f} ({ordered[len(ordered) * 95 // 100]:6.0f}, {ordered[-1]:7.0f})"
            )
        print(f"{name:<48}", *cells)
    if POSTGRESQL:
        for name, table in TABLE_OF.items():
            size = run("SELECT pg_total_relation_size(%s)", table).fetchone()[0]
            if table == "design_head":
                size += run("SELECT pg_total_relation_size('design_patient')").fetchone()[0]
            print(f"{name:<48}", f"{size / (3 * rounds):8.0f} bytes an answer")
    drop()


if __name__ == "__main__":
    main()
