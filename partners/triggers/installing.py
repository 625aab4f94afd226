"""Install triggers after each migration: SQLite drops those of a table whenever a migration rebuilds it."""

from collections.abc import Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions.present import partitions
from partners.triggers import comparing
from partners.triggers.definitions import Definition, TriggerSet


def ensure(connection: BaseDatabaseWrapper, triggers: TriggerSet) -> None:
    """Create the triggers of the tables that exist, unless exactly these exist already."""
    if not comparing.in_place(connection, triggers):
        create(connection, triggers)


def create(connection: BaseDatabaseWrapper, triggers: TriggerSet) -> None:
    """Create the triggers of the tables that exist. On PostgreSQL this blocks writers, but not readers."""
    present = _present(connection, triggers)
    with transaction.atomic(using=connection.alias):
        if connection.vendor == "postgresql":
            schema = _schema(connection)
            _execute(connection, [each.create(schema) for each in triggers.functions(connection)])
            _execute(connection, [each.sql.replace("CREATE", "CREATE OR REPLACE", 1) for each in present])
        else:
            _execute(connection, [sql for each in present for sql in (_drop(connection, each), each.sql)])


def remove(connection: BaseDatabaseWrapper, triggers: TriggerSet) -> None:
    """Drop the triggers and their functions, for a migration that rebuilds tables, or to empty a test database."""
    _execute(connection, [_drop(connection, each) for each in _present(connection, triggers)])
    functions = reversed(triggers.functions(connection))
    _execute(connection, [f"DROP FUNCTION IF EXISTS {each.name}()" for each in functions])


def _present(connection: BaseDatabaseWrapper, triggers: TriggerSet) -> list[Definition]:
    """Return the triggers of the tables that exist, and those that partitions don't get from their table."""
    tables = set(connection.introspection.table_names())
    of_partitions = triggers.on_partitions([each.name for each in partitions(connection)])
    own = [each for each in of_partitions if not each.is_of_rows]
    return [*(each for each in triggers.on(connection) if each.table in tables), *own]


def _drop(connection: BaseDatabaseWrapper, trigger: Definition) -> str:
    on = f" ON {trigger.table}" if connection.vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {trigger.name}{on}"


def _schema(connection: BaseDatabaseWrapper) -> str:
    """Return the schema of the tables, quoted if it must be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        return str(cursor.fetchone()[0])


def _execute(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
