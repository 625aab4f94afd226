"""Databases full of invented rows, made once and kept between runs while nothing that they depend on changes."""

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from benchmarks.compare.cluster import Cluster
from benchmarks.compare.invented import COLUMNS, NULL, Inventor, Plan, Rows
from benchmarks.compare.processes import ROOT, run
from benchmarks.compare.product import PYTHON, environment

FAST = {"timezone": "UTC", "synchronous_commit": "off", "maintenance_work_mem": "1GB"}
LARGE = ["encounters_patient", "encounters_encounter", "encounters_document"]
CONSTRAINTS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u') ORDER BY contype = 'f', conname
"""
INDEXES = """
SELECT quote_ident(indexname), indexdef FROM pg_indexes
WHERE tablename = ANY(%s) AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def postgresql(cluster: Cluster, database: str, plan: Plan) -> str:
    """Return the URL of a database that holds all of a plan."""
    url, mark = cluster.url(database), _fingerprint(plan)
    with closing(cluster.connect()) as connection:
        held = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
        ).fetchone()
        if held != (mark,):
            connection.execute(f"DROP DATABASE IF EXISTS {database}")
            connection.execute(f"CREATE DATABASE {database}")
        _migrate(url)
        if held != (mark,):
            with closing(cluster.connect(database, **FAST)) as into, _bare(into):
                _copy_all(into, plan)
            connection.execute(f"COMMENT ON DATABASE {database} IS '{mark}'")
    return url


def sqlite(path: Path, plan: Plan) -> str:
    """Return the URL of a file that holds all of a plan."""
    mark = int(_fingerprint(plan)[:7], 16)
    with closing(sqlite3.connect(path)) as connection:
        complete = connection.execute("PRAGMA user_version").fetchone() == (mark,)
    if not complete:
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()
    _migrate(f"sqlite:///{path}")
    if not complete:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _insert(connection, plan)
            connection.execute(f"PRAGMA user_version = {mark}")
    return f"sqlite:///{path}"


def copied(cluster: Cluster, database: str, copy: str) -> str:
    """Return the URL of a copy, newly made, so that what a run leaves behind does not count in the next one."""
    with closing(cluster.connect()) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {copy}")
        connection.execute(f"CREATE DATABASE {copy} TEMPLATE {database}")
        connection.execute("CHECKPOINT")
    return cluster.url(copy)


def copied_file(file: Path) -> str:
    """Return the URL of such a copy of a SQLite file."""
    copy = file.with_name(f"run-{file.name}")
    for old in file.parent.glob(f"{copy.name}*"):
        old.unlink()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = WAL")
    return f"sqlite:///{copy}"


def _fingerprint(plan: Plan) -> str:
    """Return what stands for a plan, for how it is carried out and for the tables it fills."""
    sources = [Path(__file__), Path(__file__).with_name("invented.py"), *sorted(ROOT.glob("*/migrations/*.py"))]
    return hashlib.sha256(repr(plan).encode() + b"".join(each.read_bytes() for each in sources)).hexdigest()


def _migrate(url: str) -> None:
    run([PYTHON, "manage.py", "migrate", "--verbosity=0"], environment(url))


@contextmanager
def _bare(connection: psycopg.Connection) -> Iterator[None]:
    """Take from the large tables what is quicker made in one go afterwards, and make it again."""
    constraints = connection.execute(CONSTRAINTS, [LARGE]).fetchall()
    for table, name, _ in reversed(constraints):
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = connection.execute(INDEXES, [LARGE]).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)
    for table, name, definition in constraints:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def _copy_all(connection: psycopg.Connection, plan: Plan) -> None:
    """Copy one chunk after another, each while the next one is being invented."""
    with ThreadPoolExecutor(1) as beside:
        copying = beside.submit(int)  # nothing yet
        for rows in Inventor(plan).chunks():
            copying.result()
            copying = beside.submit(_copy, connection, rows)
        copying.result()


def _copy(connection: psycopg.Connection, rows: Rows) -> None:
    for table, lines in rows.items():
        if lines:
            statement = f"COPY {table} ({', '.join(COLUMNS[table].split())}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write("\n".join(lines))


def _insert(connection: sqlite3.Connection, plan: Plan) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    for rows in Inventor(plan).chunks():
        connection.execute("BEGIN")
        for table, lines in rows.items():
            columns = COLUMNS[table].split()
            places = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", map(_values, lines))
        connection.execute("COMMIT")
    connection.execute("ANALYZE")


def _values(line: str) -> list[str | None]:
    return [None if text == NULL else text for text in line.split("\t")]
