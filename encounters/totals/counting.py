"""Install the triggers that update the counts. If they were missing, count everything again.

They are installed after every migration, not by one, because SQLite drops a table's triggers whenever it rebuilds the
table. A migration that alters the table of the counts must call `remove` first.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from encounters.totals import buckets
from encounters.totals.triggers import DEFINITIONS, KEY

_FOUND = {
    "postgresql": """
SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'encounter_count_%' AND pg_function_is_visible(oid)
UNION ALL SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger
    WHERE tgrelid = 'encounters_encounter'::regclass AND NOT tgisinternal AND tgenabled IN ('O', 'A')
""",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'encounters_encounter'",
}

# A function refers to the tables of the session that creates it, no matter which session it runs in.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS {type} LANGUAGE plpgsql SET search_path FROM CURRENT AS $${body}$$
"""
_EMPTY = "DELETE FROM encounters_encountercount"
_COUNT = """
INSERT INTO encounters_encountercount ({key}, matches)
SELECT organization_id, grain, starts_at, 0, matches FROM ({counted}) AS counted
ORDER BY organization_id, grain, starts_at
"""


def ensure(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers and count everything again, unless exactly these triggers exist already."""
    if not in_place(connection):
        install(connection)


def in_place(connection: BaseDatabaseWrapper) -> bool:
    """Return True if every trigger exists, matches its definition, and is enabled."""
    definitions = DEFINITIONS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor])
        found = set(cursor.fetchall())
    return found >= {*definitions.functions.items(), *definitions.triggers.items()}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers and count every served encounter, in one transaction that blocks all writers.

    On PostgreSQL, creating a trigger blocks writers, but not readers, until the transaction ends. On SQLite, the
    transaction itself does.
    """
    counted = buckets.by_grain(connection.vendor, buckets.hours(connection.vendor))
    with transaction.atomic(using=connection.alias):
        _execute(connection, [*_create(connection.vendor), _EMPTY, _COUNT.format(key=KEY, counted=counted)])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers. Encounters written after that are not counted until the triggers are installed again."""
    definitions = DEFINITIONS[connection.vendor]
    on = " ON encounters_encounter" if connection.vendor == "postgresql" else ""
    triggers = [f"DROP TRIGGER IF EXISTS {name}{on}" for name in definitions.triggers]
    _execute(connection, [*triggers, *(f"DROP FUNCTION IF EXISTS {name}()" for name in definitions.functions)])


def _create(vendor: str) -> list[str]:
    functions, triggers = DEFINITIONS[vendor]
    if vendor == "sqlite":
        return [statement for name, sql in triggers.items() for statement in (f"DROP TRIGGER IF EXISTS {name}", sql)]
    types = {name: "smallint" if name == "encounter_count_slot" else "trigger" for name in functions}
    return [
        *(_FUNCTION.format(name=name, type=types[name], body=body) for name, body in functions.items()),
        *(sql.replace("CREATE", "CREATE OR REPLACE", 1) for sql in triggers.values()),
    ]


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
