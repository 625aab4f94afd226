"""The SQL triggers that update the number of served encounters in each bucket, whoever writes the encounters.

PostgreSQL counts a whole statement at once, from its transition tables. Each writing transaction takes the first free
slot and keeps it until it ends, so that two transactions never wait for the same row. SQLite allows one writing
transaction at a time and counts row by row in slot 0.
"""

import zlib

from encounters.totals import buckets
from encounters.totals.buckets import EACH_GRAIN, SERVED
from partners.triggers.definitions import Definition, Function, TriggerSet

KEY = "organization_id, grain, starts_at, slot"
SLOT = {"postgresql": "(SELECT encounter_count_slot())", "sqlite": "0"}

TABLE = "encounters_encounter"

# PostgreSQL ----------------------------------------------------------------------------------------------------------
_SLOT_BODY = """
DECLARE slot smallint := 0;
BEGIN
    WHILE NOT pg_try_advisory_xact_lock({number}, slot) LOOP
        slot := slot + 1;
    END LOOP;
    RETURN slot;
END
"""

# The subquery that takes a slot runs with the first row, so a statement that changes no count takes no slot.
_COUNT_BODY = """
BEGIN
    INSERT INTO encounters_encountercount AS kept ({key}, matches)
    SELECT organization_id, grain, starts_at, {slot}, matches FROM (
    {changes}
    ) AS changes
    ON CONFLICT ({key}) DO UPDATE SET matches = kept.matches + excluded.matches;
    RETURN NULL;
END
"""

# Not with TRUNCATE: this transaction and one that reads a total could then wait for each other.
_EMPTY_BODY = """
BEGIN
    DELETE FROM encounters_encountercount;
    RETURN NULL;
END
"""

_ADDED, _TAKEN = "NEW TABLE AS new_rows", "OLD TABLE AS old_rows"
_TRANSITIONS = {"insert": _ADDED, "update": f"{_TAKEN} {_ADDED}", "delete": _TAKEN}


def _postgresql() -> tuple[Definition, ...]:
    bodies = {event: _count_body(transitions) for event, transitions in _TRANSITIONS.items()}
    bodies["truncate"] = _EMPTY_BODY
    return tuple(_postgresql_trigger(event, body) for event, body in bodies.items())


def _count_body(transitions: str) -> str:
    hours = [
        buckets.hours("postgresql", rows, number=number)
        for rows, number in (("new_rows", "count(*)"), ("old_rows", "-count(*)"))
        if rows in transitions
    ]
    changes = buckets.by_grain("postgresql", " UNION ALL ".join(hours))
    return _COUNT_BODY.format(key=KEY, slot=SLOT["postgresql"], changes=changes)


def _postgresql_trigger(event: str, body: str) -> Definition:
    name = f"encounter_count_{event}"
    referencing = f" REFERENCING {_TRANSITIONS[event]}" if event in _TRANSITIONS else ""
    sql = (
        f"CREATE TRIGGER {name} AFTER {event.upper()} ON {TABLE}{referencing}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return Definition(name, TABLE, sql, Function(name, body))


# SQLite --------------------------------------------------------------------------------------------------------------
_TRIGGER = """\
CREATE TRIGGER {name} AFTER {event} ON {table}
WHEN {condition} BEGIN
{count}
END"""

_UP = """\
    INSERT INTO encounters_encountercount ({key}, matches)
    SELECT NEW.organization_id, grain, {start}, 0, 1 FROM {each_grain} WHERE TRUE
    ON CONFLICT ({key}) DO UPDATE SET matches = matches + 1;"""

# A removed encounter has been counted before. Its row is missing only if the counts were emptied first.
_DOWN = """\
    UPDATE encounters_encountercount SET matches = matches - 1
    WHERE organization_id = OLD.organization_id AND slot = 0
        AND (grain, starts_at) IN (SELECT grain, {start} FROM {each_grain});"""

_COLUMNS = ("organization_id", "created_at", "record_class", "withdrawn_at", "restricted_at")
_CHANGED = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _COLUMNS)


def _sqlite() -> tuple[Definition, ...]:
    update = f"UPDATE OF {', '.join(_COLUMNS)}"
    return (
        _sqlite_trigger("encounter_count_insert", "INSERT", "NEW", _UP),
        _sqlite_trigger("encounter_count_delete", "DELETE", "OLD", _DOWN),
        _sqlite_trigger("encounter_count_update_from", update, "OLD", _DOWN, _CHANGED),
        _sqlite_trigger("encounter_count_update_to", update, "NEW", _UP, _CHANGED),
    )


def _sqlite_trigger(name: str, event: str, row: str, count: str, *changed: str) -> Definition:
    condition = " AND ".join([buckets.each_of(row, SERVED), *(f"({each})" for each in changed)])
    body = count.format(key=KEY, start=buckets.start("sqlite", f"{row}.created_at"), each_grain=EACH_GRAIN)
    sql = _TRIGGER.format(name=name, event=event, table=TABLE, condition=condition, count=body)
    return Definition(name, TABLE, sql)


_TAKE_SLOT = Function(
    "encounter_count_slot",
    _SLOT_BODY.format(number=zlib.crc32(b"encounter_count") >> 1),
    returns="smallint",
    names_tables=False,
)
SET = TriggerSet(sqlite=_sqlite(), postgresql=_postgresql(), helpers=(_TAKE_SLOT,))
