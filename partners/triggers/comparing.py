"""Compare the triggers of a database with what they must be.

Whoever owns the tables can drop a trigger, switch it off, replace its function, or add something that swallows rows.
So everything that decides what happens to a row is compared, and named if it differs.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from partners.partitions.present import LEDGER, partitions
from partners.triggers.definitions import Definition, Function, TriggerSet, registered

MISSING, DISABLED, ALTERED, UNKNOWN, ON, OFF = "missing", "disabled", "altered", "unknown", "on", "off"
OF_LATER_RELEASE = (ALTERED, UNKNOWN)  # states that a later release, which has other triggers, leaves behind

_POSTGRESQL = """
SELECT relname, tgname, pg_get_triggerdef(trigger.oid, true), tgenabled IN ('O', 'A'), proname, prosrc, lanname,
    prosecdef, array_replace(proconfig, 'search_path=' || quote_ident(nspname) || ', pg_temp', 'search_path')
FROM pg_trigger AS trigger JOIN pg_class ON pg_class.oid = tgrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_language ON pg_language.oid = prolang
WHERE (NOT tgisinternal OR tgparentid <> 0 AND tgconstraint = 0) AND relname = ANY(%s) AND pg_table_is_visible(tgrelid)
UNION ALL
SELECT '', proname, '', TRUE, proname, prosrc, lanname, prosecdef,
    array_replace(proconfig, 'search_path=' || quote_ident(nspname) || ', pg_temp', 'search_path')
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace JOIN pg_language ON pg_language.oid = prolang
WHERE proname = ANY(%s) AND pg_function_is_visible(pg_proc.oid)
"""
# A rule rewrites a statement before any trigger, row security hides rows, and in a replica's session no trigger runs.
_BESIDES = """
SELECT 'rule ' || rulename || ' on ' || relname, 'on' FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
WHERE rulename <> '_RETURN' AND relname = ANY(%s) AND pg_table_is_visible(ev_class)
UNION ALL
SELECT 'row security on ' || relname, 'on' FROM pg_class
WHERE relrowsecurity AND relname = ANY(%s) AND pg_table_is_visible(oid)
UNION ALL
SELECT 'session_replication_role', current_setting('session_replication_role')
WHERE current_setting('session_replication_role') <> 'origin'
"""
_SQLITE = "SELECT lower(tbl_name), name, sql FROM sqlite_master WHERE type = 'trigger'"


class Fault(NamedTuple):
    """Something that is not as it must be: what, and how it is instead."""

    what: str
    state: str

    def __str__(self) -> str:
        return f"{self.what}: {self.state}"


class _Found(NamedTuple):
    """A trigger as the catalogue shows it; on PostgreSQL also a function that triggers call, with a blank table."""

    table: str
    name: str
    sql: str
    enabled: bool = True
    function: str = ""
    body: str = ""
    language: str = "plpgsql"
    with_rights_of_owner: bool = False
    settings: Sequence[str] | None = None


def faults(connection: BaseDatabaseWrapper) -> list[Fault]:
    """Return what differs, in a fixed order. Triggers of tables that don't exist yet are passed over."""
    parts = [each.name for each in partitions(connection)]
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {*parts}
    sets = registered()
    found = _found(connection, tables, sets)
    unknown = _unknown(connection, [each for each in found if each.table in tables], parts)
    differing = sorted([*_differing(connection, found, sets, parts), *unknown, *_besides(connection, tables)])
    return _without_dropped(connection, differing, parts) if differing and parts else differing


def _without_dropped(connection: BaseDatabaseWrapper, found: list[Fault], parts: Sequence[str]) -> list[Fault]:
    """Leave out those of partitions that were dropped since they were listed."""
    dropped = {*parts} - {each.name for each in partitions(connection)}
    return [each for each in found if each.what.rpartition(" ")[2] not in dropped]


def _unknown(connection: BaseDatabaseWrapper, found: Sequence[_Found], parts: Sequence[str]) -> Iterator[Fault]:
    """Yield the triggers that nobody defines. One of the ledger is on each partition too, and named once."""
    defined = [trigger for each in registered() for trigger in (*each.on(connection), *each.on_partitions(parts))]
    known = {(trigger.table, trigger.name) for trigger in defined}
    of_ledger = {each.name for each in found if each.table == LEDGER}
    for each in found:
        if (each.table, each.name) not in known and not (each.table in parts and each.name in of_ledger):
            yield Fault(f"trigger {each.name} on {each.table}", UNKNOWN)


def in_place(connection: BaseDatabaseWrapper, triggers: TriggerSet) -> bool:
    """Return True if every trigger of these exists, is as it is defined, and is enabled."""
    parts = [each.name for each in partitions(connection)]
    tables = {each.table for each in triggers.on(connection)} | {*parts}
    return not any(_differing(connection, _found(connection, tables, [triggers]), [triggers], parts))


def _found(connection: BaseDatabaseWrapper, tables: Collection[str], sets: Sequence[TriggerSet]) -> list[_Found]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(_SQLITE)
        else:
            helpers = [function.name for each in sets for function in each.helpers]
            cursor.execute(_POSTGRESQL, [list(tables), helpers])
        return [_Found(*row) for row in cursor.fetchall()]


def _differing(
    connection: BaseDatabaseWrapper, found: Sequence[_Found], sets: Sequence[TriggerSet], parts: Sequence[str]
) -> Iterator[Fault]:
    """Yield the triggers and functions of these sets that are not as they are defined.

    What is wrong with a trigger of the ledger is wrong on its partitions too, and named once.
    """
    present = set(connection.introspection.table_names())
    by_name = {(each.table, each.name): each for each in found}
    states = dict[str, str]()
    for trigger in (trigger for each in sets for trigger in each.on(connection) if trigger.table in present):
        if state := _state(trigger, by_name.get((trigger.table, trigger.name))):
            states[trigger.name] = state
            yield Fault(f"trigger {trigger.name} on {trigger.table}", state)
    for trigger in (trigger for each in sets for trigger in each.on_partitions(parts)):
        state = _state(trigger, by_name.get((trigger.table, trigger.name)))
        if state and state != states.get(trigger.name):
            yield Fault(f"trigger {trigger.name} on {trigger.table}", state)
    if connection.vendor == "postgresql":
        for function in (function for each in sets for function in each.helpers):
            kept = by_name.get(("", function.name))
            if kept is None or not _is_same(function, kept):
                yield Fault(f"function {function.name}", MISSING if kept is None else ALTERED)


def _state(trigger: Definition, found: _Found | None) -> str:
    """Return how a trigger differs from its definition; blank if it doesn't."""
    if found is None:
        return MISSING
    if not found.enabled:
        return DISABLED
    same = found.sql == trigger.sql and (trigger.function is None or _is_same(trigger.function, found))
    return "" if same else ALTERED


def _is_same(function: Function, found: _Found) -> bool:
    settings = {*function.settings, *(["search_path"] if function.names_tables else [])}
    return (found.function, found.body, found.language, found.with_rights_of_owner, set(found.settings or ())) == (
        function.name,
        function.body,
        "plpgsql",
        False,
        settings,
    )


def _besides(connection: BaseDatabaseWrapper, tables: Collection[str]) -> list[Fault]:
    """Return what passes by all triggers. On SQLite, REPLACE does without recursive triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_BESIDES, [list(tables), list(tables)])
            return [Fault(*row) for row in cursor.fetchall()]
        cursor.execute("PRAGMA recursive_triggers")
        (on,) = cursor.fetchone()
        return [] if on else [Fault("recursive_triggers", OFF)]
