"""Where a dry run writes: on PostgreSQL in a transaction that is rolled back, on SQLite in private tables.

A transaction of SQLite would block every partner's call until the dry run ends. Private tables are temporary tables of
the connection. They have the same names as the real ones, so SQLite finds them first. They are in a temporary file that
is deleted when the process ends.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from encounters.importing.job import Job
from encounters.models import Document, Encounter, Patient, SourceRecord
from partners.models import Organization

# The tables that an import reads or writes, each after those it refers to, and the rows of them that it can meet.
_OWN = "organization_id = %s"
_ROWS: dict[Any, str] = {
    Organization: "id = %s",
    Patient: _OWN,
    Encounter: _OWN,
    Document: "encounter_id IN (SELECT id FROM temp.encounters_encounter WHERE organization_id = %s)",
    SourceRecord: _OWN,
}
_UNREAD = {"content", "turns"}  # what is long and what no import reads
_HEAD = re.compile(r"CREATE (TABLE|INDEX|UNIQUE INDEX) ")


@contextmanager
def nothing_kept(job: Job) -> Iterator[None]:
    """Keep nothing of what the block writes to the job's organization, and block no call meanwhile."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    else:
        with _without_write_lock(), _private_tables(job.organization):
            yield


@contextmanager
def _without_write_lock() -> Iterator[None]:
    """Let transactions take the write lock of the tables that they write to, instead of always the real ones'."""
    database: Any = connection
    usual, database.transaction_mode = database.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        database.transaction_mode = usual


@contextmanager
def _private_tables(organization: Organization) -> Iterator[None]:
    """Put copies of the organization's rows in front of the real tables."""
    try:
        with transaction.atomic():
            for model, condition in _ROWS.items():
                _copy(model, condition, organization.pk)
        yield
    finally:
        _execute(*(f"DROP TABLE IF EXISTS temp.{model._meta.db_table}" for model in reversed(_ROWS)))


def _copy(model: Any, condition: str, organization_pk: int) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.local_fields]
    values = ["NULL" if column in _UNREAD else column for column in columns]
    _execute(*_definitions(table))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO temp.{table} ({', '.join(columns)})"  # noqa: S608 – our own tables and columns
            f" SELECT {', '.join(values)} FROM main.{table} WHERE {condition}",
            [organization_pk],
        )


def _definitions(table: str) -> list[str]:
    """Return the statements that create the table and its indexes as private ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM main.sqlite_master WHERE tbl_name = %s AND type IN ('table', 'index') AND sql IS NOT NULL"
            " ORDER BY type DESC",
            [table],
        )
        # Without AUTOINCREMENT, no table of sequences is left behind.
        return [_HEAD.sub(r"CREATE \1 temp.", sql, count=1).replace(" AUTOINCREMENT", "") for (sql,) in cursor]


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
