"""What the role of the web service may do with each table on PostgreSQL, where another role owns the tables.

All follows from the models and their triggers (`triggers.py`): what a trigger refuses is not granted either. Rows that
are never altered get their numbers from the database.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from partners.models.scope import Scope
from partners.models.triggers import ALWAYS, TRIGGERS

Migration = MigrationRecorder.Migration
# Only `migrate` writes these.
MIRRORS = (Migration._meta.db_table, "django_content_type", "auth_permission", Scope._meta.db_table)

_HELD = """
WITH ours AS (SELECT oid, relname FROM pg_class WHERE relname = ANY(%s) AND pg_table_is_visible(oid))
SELECT relname, held FROM ours CROSS JOIN unnest(ARRAY['SELECT', 'UPDATE', 'REFERENCES']) AS held
WHERE has_any_column_privilege(oid, held)
UNION ALL
SELECT relname, held FROM ours CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS held
WHERE has_table_privilege(oid, held)
UNION ALL
SELECT relname, 'INSERT (' || attname || ')' FROM ours JOIN pg_attribute ON attrelid = oid
WHERE attnum > 0 AND NOT attisdropped AND has_column_privilege(oid, attnum, 'INSERT')
"""
_OWNED = """
SELECT EXISTS (SELECT FROM pg_class
    WHERE relname = ANY(%s) AND pg_table_is_visible(oid) AND pg_has_role(relowner, 'MEMBER'))
"""


class Granted(NamedTuple):
    """The privileges on a table. Rows are inserted with these columns; `whole` means that these are all."""

    table: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    whole: bool

    def in_grant(self) -> str:
        """Return the privileges as GRANT writes them."""
        insert = "INSERT" if self.whole else f"INSERT ({', '.join(self.columns)})"
        return ", ".join([*self.names, *([insert] if self.columns else [])])

    def each(self) -> set[tuple[str, str]]:
        """Return the table with each privilege, one for each column that rows are inserted with."""
        return {(self.table, name) for name in (*self.names, *(f"INSERT ({column})" for column in self.columns))}


def granted() -> list[Granted]:
    """Return what the role of the web service needs, in the order of the tables' names."""
    ours: list[type[models.Model]] = [*apps.get_models(include_auto_created=True), Migration]
    tables = {model._meta.db_table: model for model in ours}
    return [_of(table, tables[table]) for table in sorted(tables)]


def _of(table: str, model: type[models.Model]) -> Granted:
    if table in MIRRORS:
        return Granted(table, ("SELECT",), (), whole=False)
    final, kept = (_refused(table, event) for event in ("UPDATE", "DELETE"))
    names = ("SELECT", *(() if final else ("UPDATE",)), *(() if kept else ("DELETE",)))
    number = model._meta.auto_field if final else None
    columns = tuple(field.column for field in model._meta.local_concrete_fields if field.column and field != number)
    return Granted(table, names, columns, whole=number is None)


def _refused(table: str, event: str) -> bool:
    """Return True if a trigger refuses each such statement, or at least each on a young row: DELETE is the owner's."""
    return any(
        each.table == table and each.event == event and (event == "DELETE" or each.condition == ALWAYS)
        for each in TRIGGERS
    )


def statements(role: str, schema: str) -> Iterator[str]:
    """Yield the SQL that gives the role what it needs, and takes everything else. Both are quoted names."""
    given = granted()
    tables = ", ".join(f"{schema}.{each.table}" for each in given)
    by_privileges: dict[str, list[str]] = defaultdict(list)
    for each in given:
        by_privileges[each.in_grant()].append(f"{schema}.{each.table}")
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role};"
    yield f"REVOKE ALL ON {tables} FROM PUBLIC, {role};"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"
    for privileges, on in sorted(by_privileges.items()):
        yield f"GRANT {privileges} ON {', '.join(on)} TO {role};"


def owns(connection: BaseDatabaseWrapper) -> bool:
    """Return True if the role of this connection owns a table, or may become its owner."""
    return bool(_asked(connection, _OWNED)[0][0])


def differing(connection: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    """Return the privileges that the role of this connection lacks on existing tables, and those that it has beyond."""
    present = set(connection.introspection.table_names())
    needed = {privilege for each in granted() if each.table in present for privilege in each.each()}
    held = set(_asked(connection, _HELD))
    return _named(needed - held), _named(held - needed)


def _named(held: set[tuple[str, str]]) -> list[str]:
    return [f"{name} on {table}" for table, name in sorted(held)]


def _asked(connection: BaseDatabaseWrapper, statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [[each.table for each in granted()]])
        return list(cursor.fetchall())
