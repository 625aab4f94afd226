"""What the role of the web service may do with each table on PostgreSQL, where another role owns the tables.

It follows from the models, and from which command writes a table. What a trigger of `triggers.py` refuses is not
granted either; the triggers of other apps play no part. Rows that are never altered get their numbers from the
database.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from partners.models.onboarding import OnboardingRequest
from partners.models.scope import Scope
from partners.models.triggers import ALWAYS, TRIGGERS
from partners.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEvent
from partners.partitions.present import partitions

Migration = MigrationRecorder.Migration
# Only `migrate` writes these.
MIRRORS = (Migration._meta.db_table, "django_content_type", "auth_permission", Scope._meta.db_table)
# Only `prune_records`, which the owner runs, deletes from these.
PRUNED_BY_OWNER = {model._meta.db_table for model in (OnboardingRequest, WebhookAttempt, WebhookDelivery, WebhookEvent)}

# Each privilege that is held on some column of a table, and whether on all.
_HELD = """
WITH ours AS (SELECT oid, relname FROM pg_class WHERE relname = ANY(%s) AND pg_table_is_visible(oid)),
    parts AS (
        SELECT oid, relname, attnum, attname FROM ours JOIN pg_attribute ON attrelid = oid
        WHERE attnum > 0 AND NOT attisdropped
    )
SELECT relname, name, bool_and(has_column_privilege(oid, attnum, name))
FROM parts CROSS JOIN unnest(ARRAY['SELECT', 'UPDATE', 'REFERENCES']) AS name
GROUP BY relname, name HAVING bool_or(has_column_privilege(oid, attnum, name))
UNION ALL
SELECT relname, name, TRUE FROM ours CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS name
WHERE has_table_privilege(oid, name)
UNION ALL
SELECT relname, 'INSERT (' || attname || ')', TRUE FROM parts WHERE has_column_privilege(oid, attnum, 'INSERT')
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
    final = _refused(table, "UPDATE")
    kept = table in PRUNED_BY_OWNER or _refused(table, "DELETE")
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


def statements(role: str, schema: str, parts: Sequence[str] = ()) -> Iterator[str]:
    """Yield the SQL that gives the role what it needs, and takes everything else. Both are quoted names.

    It reaches the partitions of the ledger (`parts`) by the ledger alone.
    """
    given = granted()
    tables = ", ".join(f"{schema}.{each}" for each in (*(table.table for table in given), *parts))
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
    asked = _asked(connection, _HELD, [each.name for each in partitions(connection)])
    held = {(table, name): whole for table, name, whole in asked}
    return _named({each for each in needed if not held.get(each)}), _named(held.keys() - needed)


def _named(held: set[tuple[str, str]]) -> list[str]:
    return [f"{name} on {table}" for table, name in sorted(held)]


def _asked(connection: BaseDatabaseWrapper, statement: str, parts: Sequence[str] = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [[*(each.table for each in granted()), *parts]])
        return list(cursor.fetchall())
