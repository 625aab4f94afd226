"""When a row was added to the record: by the clock of the database, whatever the process that adds it says.

On PostgreSQL a trigger writes the time. Only the owner of the tables can insert other times, for invented data. SQLite
runs on the clock of the process and can't alter a row before it is stored: a trigger refuses another time.

A row of the ledger is in the partition of its month before the trigger sees it, and PostgreSQL refuses a trigger that
moves it to another one. So calls give the time of the database themselves (`RIGHT_NOW`). The trigger keeps a time of
the ledger that is not before the statement began, and within two seconds. It writes any other: a false time in another
month is refused. Calls pay for each expression that the trigger evaluates, so the first one decides about their rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from partners.triggers import installing
from partners.triggers.definitions import Definition, Function, TriggerSet

TABLES = ("partners_requestrecord", "partners_changeevent")
NOTICEABLE = timedelta(seconds=5)
# SQL for the time of a row that is added, with one value: the time of this process.
RIGHT_NOW = {"postgresql": "coalesce(clock_timestamp(), %s)", "sqlite": "%s"}

_WRITE = Function(
    "chartero_occurred_now",
    """
BEGIN
    IF NEW.occurred_at BETWEEN greatest(statement_timestamp(), clock_timestamp() - interval '2 seconds')
        AND clock_timestamp() AND TG_TABLE_NAME <> 'partners_changeevent' THEN
        RETURN NEW;
    END IF;
    IF current_setting('chartero.times', true) = 'given' THEN
        IF pg_has_role((SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
            RETURN NEW;
        END IF;
    END IF;
    NEW.occurred_at := clock_timestamp();
    RETURN NEW;
END
""",
    names_tables=False,
)
_REFUSE = """\
CREATE TRIGGER {name} BEFORE INSERT ON {table}
WHEN (abs(julianday(NEW.occurred_at) - julianday('now')) * 86400 <= 60) IS NOT TRUE BEGIN
    SELECT RAISE(ABORT, 'the time of a record is that of the database');
END"""


def _name(table: str) -> str:
    return f"{table.removeprefix('partners_')}_occurs_now"


def _on_postgresql(table: str) -> Definition:
    head = f"CREATE TRIGGER {_name(table)} BEFORE INSERT ON {table} FOR EACH ROW"
    return Definition(_name(table), table, f"{head} EXECUTE FUNCTION {_WRITE.name}()", _WRITE)


SET = TriggerSet(
    sqlite=tuple(Definition(_name(table), table, _REFUSE.format(name=_name(table), table=table)) for table in TABLES),
    postgresql=tuple(map(_on_postgresql, TABLES)),
)


@contextmanager
def given(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let rows keep the times that they are inserted with, until the block ends without an error."""
    accept(connection)
    yield
    insist(connection)


def accept(connection: BaseDatabaseWrapper) -> None:
    """Let rows keep the times that they are inserted with. On PostgreSQL, only the owner of the tables can do so.

    It holds for the transaction, or outside of one for the session.
    """
    if connection.vendor == "sqlite":
        installing.remove(connection, SET)
    else:
        _set(connection, "given")


def insist(connection: BaseDatabaseWrapper) -> None:
    """Let the database write the times again, as it does if nobody asks for anything else."""
    if connection.vendor == "sqlite":
        installing.ensure(connection, SET)
    else:
        _set(connection, "")


def _set(connection: BaseDatabaseWrapper, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chartero.times', %s, %s)", [value, connection.in_atomic_block])


def drift(connection: BaseDatabaseWrapper) -> timedelta:
    """Return by how much the clock of this machine is ahead of the database's. SQLite has the same clock."""
    if connection.vendor == "sqlite":
        return timedelta(0)
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    return before + (timezone.now() - before) / 2 - theirs


def noticeable(drift: timedelta) -> bool:
    """Return True if the clocks differ by so much that it is reported."""
    return abs(drift) > NOTICEABLE
