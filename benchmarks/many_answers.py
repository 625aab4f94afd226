"""Millions of invented answers about patients: the ledger of six years and a month, for `accounting` and `leaks`.

50 organizations of 4,000 patients. Of each 100 answers 68 are with one patient, 30 are lists of 25, 2 are refusals.
The rows of an organization follow one another, so that arithmetic finds the patient of an encounter.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from partners.catalogue.routes import Route, Scope
from partners.keys import lifetimes
from partners.models import ApiKey, Organization
from partners.models.change import Change
from partners.triggers import times

CHANGE = Change(by="benchmark", source="benchmark", reason="a measurement")
MILLION, CHUNK = 1_000_000, 500_000
ORGANIZATIONS, KEYS, PATIENTS, ENCOUNTERS = 50, 3, 4_000, 12_000  # the last three of each organization
BUSY = 7  # the organization of which every tenth answer has its first encounter's patient
DAYS = 2222

FIRST = """
CREATE TABLE benchmark_first AS SELECT row_number() OVER (ORDER BY organization_id) - 1 AS number, organization_id,
    min(id) AS patient, (SELECT min(id) FROM partners_apikey AS key
        WHERE key.organization_id = patient.organization_id) AS api_key
FROM encounters_patient AS patient GROUP BY organization_id
"""

SUBJECTS = f"""
INSERT INTO encounters_patient (public_id, organization_id, first_name, last_name)
SELECT 'pat_' || substr(md5(id || 'p' || n), 1, 22), id, 'Invented', 'Patient' || n
FROM partners_organization, generate_series(1, {PATIENTS}) AS n ORDER BY id, n;
{FIRST};
INSERT INTO encounters_encounter (public_id, organization_id, patient_id, encounter_type, status, record_class,
    service_provider, created_at, updated_at)
SELECT 'enc_' || substr(md5(number || 'e' || n), 1, 22), organization_id, patient + n * 7919 % {PATIENTS},
    'ambient', 'completed', 'clinical', '', now() - n * interval '4 hours', now()
FROM benchmark_first, generate_series(0, {ENCOUNTERS} - 1) AS n ORDER BY number, n
"""

SUBJECTS_SQLITE = f"""
CREATE TABLE benchmark_number AS
WITH RECURSIVE count (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n < {ENCOUNTERS} - 1) SELECT n FROM count;
INSERT INTO encounters_patient (public_id, organization_id, first_name, last_name)
SELECT printf('pat_%09d%013d', id, n), id, 'Invented', 'Patient' || n
FROM partners_organization, benchmark_number WHERE n BETWEEN 1 AND {PATIENTS} ORDER BY id, n;
{FIRST};
INSERT INTO encounters_encounter (public_id, organization_id, patient_id, encounter_type, status, record_class,
    service_provider, created_at, updated_at)
SELECT printf('enc_%09d%013d', number, n), organization_id, patient + n * 7919 % {PATIENTS},
    'ambient', 'completed', 'clinical', '', datetime('now', (-4 * n) || ' hours'), datetime('now')
FROM benchmark_first, benchmark_number ORDER BY number, n
"""

INTO = """
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, count, microseconds, address, new_network, encounters, patients)
"""

CHOSEN = f"""
CREATE UNLOGGED TABLE benchmark_chosen AS
SELECT turn, api_key + turn % {KEYS} AS api_key_id, organization_id, size, place,
    ARRAY(SELECT number * {ENCOUNTERS} + 1 + place + i FROM generate_series(0, size - 1) AS i) AS encounters,
    ARRAY(SELECT patient + (place + i) * 7919 % {PATIENTS} FROM generate_series(0, size - 1) AS i) AS patients
FROM (
    SELECT turn, floor(random() * {ORGANIZATIONS})::int AS number, random() AS kind, random() AS spot
    FROM generate_series(0, {CHUNK - 1}) AS turn OFFSET 0
) AS chance
JOIN benchmark_first USING (number)
CROSS JOIN LATERAL (
    SELECT CASE WHEN kind < 0.68 THEN 1 WHEN kind < 0.98 THEN 25 ELSE 0 END AS size,
        CASE WHEN number = {BUSY} AND spot < 0.1 THEN 0 ELSE floor(spot * {ENCOUNTERS - 25})::int END AS place
) AS said
"""

# Each chunk has the same choices: to choose again, and the trigger that writes the time, would take more than all else.
ANSWERS = f"""
SET LOCAL session_replication_role = replica;
{INTO}
SELECT 'req_' || substr(md5(turn::text), 1, 22), now() - (1 - turn / {{rows}}::float) * interval '{DAYS} days',
    api_key_id, organization_id, 'GET',
    CASE size WHEN 1 THEN 'encounters.detail' ELSE 'encounters.list' END,
    CASE size WHEN 1 THEN 'enc_' || substr(md5(turn::text), 1, 22) ELSE '' END,
    CASE size WHEN 25 THEN 'limit=25&offset=' || place || '&sort_order=desc' ELSE '' END,
    CASE size WHEN 0 THEN 422 ELSE 200 END, CASE size WHEN 0 THEN 'invalid_limit' ELSE '' END, size, 1500,
    '198.51.100.' || turn % 256, false, encounters, patients
FROM (
    SELECT {{low}} + turn AS turn, api_key_id, organization_id, size, place, encounters, patients FROM benchmark_chosen
) AS chosen
WHERE turn <= {{high}} ORDER BY turn
"""

ANSWERS_SQLITE = f"""
WITH RECURSIVE
turns (turn) AS (SELECT {{low}} UNION ALL SELECT turn + 1 FROM turns WHERE turn < {{high}}),
chance AS MATERIALIZED (SELECT turn, abs(random() % {ORGANIZATIONS}) AS number, abs(random() % 100) AS kind,
    abs(random() % {ENCOUNTERS - 25}) AS spot FROM turns),
said AS MATERIALIZED (SELECT turn, number, CASE WHEN kind < 68 THEN 1 WHEN kind < 98 THEN 25 ELSE 0 END AS size,
    CASE WHEN number = {BUSY} AND spot < {ENCOUNTERS - 25} / 10 THEN 0 ELSE spot END AS place FROM chance)
{INTO}
SELECT printf('req_%022d', turn),
    strftime('%Y-%m-%d %H:%M:%f', 'now', ((turn / {{rows}}.0 - 1) * {DAYS} * 86400) || ' seconds'),
    api_key + turn % {KEYS}, organization_id, 'GET', iif(size = 1, 'encounters.detail', 'encounters.list'),
    iif(size = 1, printf('enc_%022d', turn), ''),
    iif(size = 25, 'limit=25&offset=' || place || '&sort_order=desc', ''),
    iif(size, 200, 422), iif(size, '', 'invalid_limit'), size, 1500, '198.51.100.' || (turn % 256), 0,
    (SELECT json_group_array(number * {ENCOUNTERS} + 1 + place + n) FROM benchmark_number WHERE rowid <= size),
    (SELECT json_group_array(patient + (place + n) * 7919 % {PATIENTS}) FROM benchmark_number WHERE rowid <= size)
FROM said JOIN benchmark_first USING (number) ORDER BY turn
"""

_TO_INDEX = re.compile(r"^CREATE INDEX \S+ ON (ONLY )?\S+ ")
FILLING = {
    "postgresql": (f"{SUBJECTS};{CHOSEN}", ANSWERS, "VACUUM ANALYZE"),
    "sqlite": (SUBJECTS_SQLITE, ANSWERS_SQLITE, "PRAGMA wal_checkpoint(TRUNCATE)"),
}


def fill(rows: int) -> None:
    """Invent everything, the answers in their order of time. A database that was filled so before stays as it is."""
    call_command("migrate", verbosity=0)
    if "benchmark_first" in connection.introspection.table_names():
        return
    if Organization.objects.exists():
        raise SystemExit("Name an empty database in DATABASE_URL.")
    values = {"label": "x", "scopes": Scope, "expires_at": lifetimes.default_end()}
    for number in range(ORGANIZATIONS):
        owner = Organization.create(f"Invented Practice {number}", CHANGE)
        owner.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
        for _ in range(KEYS):
            ApiKey.issue(CHANGE, organization=owner, **values)
    subjects, answers, tidy = FILLING[connection.vendor]
    with unindexed("partners_requestrecord"):
        for statement in subjects.split(";"):
            execute(statement)
        for low in range(1, rows, CHUNK):
            execute(answers.format(rows=rows, low=low, high=min(low + CHUNK - 1, rows)))
    execute(tidy)


@contextmanager
def unindexed(table: str) -> Iterator[None]:
    """Drop a table's indexes, and its unique constraints on PostgreSQL, and create them again once it is filled.

    The primary key stays. Rows keep the times that they are inserted with.
    """
    drop, create = _indexes(table) if connection.vendor == "postgresql" else _indexes_on_sqlite(table)
    for statement in drop:
        execute(statement)
    with times.given(connection):
        yield
    for statement in create:
        execute(statement)


def _indexes(table: str) -> tuple[list[str], list[str]]:
    """Return the statements that drop and create them on PostgreSQL."""
    unique = execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE contype = 'u' AND conrelid = '{table}'::regclass"
    )
    indexes = execute(
        f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}' AND indexdef NOT LIKE '%UNIQUE%'"
    )
    dropped = [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name, _ in unique]
    made = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for name, definition in unique]
    everywhere = [definition.replace(" ON ONLY ", " ON ") for _, definition in indexes]  # takes what partitions have
    leaves = execute(f"SELECT relid::regclass FROM pg_partition_tree('{table}') WHERE isleaf AND level > 0")
    of_leaves = [  # partition by partition, while its rows are in memory
        _TO_INDEX.sub(f"CREATE INDEX ON {leaf} ", definition) for (leaf,) in leaves for _, definition in indexes
    ]
    return (
        [*dropped, *(f"DROP INDEX {name}" for name, _ in indexes)],
        ["SET maintenance_work_mem = '1GB'", *made, *of_leaves, *everywhere],
    )


def _indexes_on_sqlite(table: str) -> tuple[list[str], list[str]]:
    """Return the statements that drop and create them on SQLite, which keeps unique constraints."""
    rows = execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' AND sql <> ''")
    return [f"DROP INDEX {name}" for name, _ in rows], [sql for _, sql in rows]


def execute(sql: str) -> list[Any]:
    """Execute a statement and return the rows. It may hold percent signs."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def forget() -> None:
    """Tell the system to let go of the database's files, as far as the database does not hold them itself."""
    if connection.vendor == "postgresql":
        execute("CHECKPOINT")
        files = [each for each in Path(execute("SHOW data_directory")[0][0]).rglob("*") if each.is_file()]
    else:
        files = [Path(connection.settings_dict["NAME"])]
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
