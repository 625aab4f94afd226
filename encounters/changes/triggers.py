"""The SQL triggers that log each change to what is served, whoever writes the encounters, patients and documents.

PostgreSQL logs a whole statement at once, from its transition tables, under the id of the transaction. Transactions
commit in any order, so readers stay below the oldest one that is still open (`SETTLED`). SQLite has one writer at a
time and logs row by row.
"""

from encounters.changes import eras
from encounters.totals.buckets import PRESENT, SERVED, each_of
from partners.triggers.definitions import Definition, Function, TriggerSet

# Columns that are served. A write that changes none of them is no change.
ENCOUNTER = ("public_id", "patient_id", "encounter_type", "status", "date_of_service", "created_at", "updated_at")
PATIENT = ("public_id", "organization_id", "first_name", "last_name", "date_of_birth", "withdrawn_at")
DOCUMENT = (
    *("public_id", "encounter_id", "schema_type", "title", "status", "workflow_variant", "audio_duration_seconds"),
    *("content", "transcript_provider", "audio", "turns", "created_at", "updated_at", "withdrawn_at"),
    "restricted_at",
)
ENCOUNTERS, PATIENTS, DOCUMENTS = "encounters_encounter", "encounters_patient", "encounters_document"

# The changes that no open transaction can add to any more.
SETTLED = {
    "postgresql": "position < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)",
    "sqlite": "TRUE",
}


# PostgreSQL ----------------------------------------------------------------------------------------------------------
# What a transaction does to one encounter becomes one row. A new encounter stays available when its documents follow.
_BODY = """
BEGIN
    INSERT INTO encounters_encounterchange AS kept
        (organization_id, position, encounter, public_id, change, changed_at)
    SELECT organization_id, CAST(CAST(pg_current_xact_id() AS text) AS bigint), id, public_id, change,
        statement_timestamp()
    FROM ({changes}) AS changes
    ON CONFLICT (organization_id, position, encounter) DO UPDATE SET change = excluded.change
        WHERE excluded.change <> 'updated' AND excluded.change <> kept.change;
    RETURN NULL;
END
"""
_ALL = "SELECT organization_id, id, public_id, '{change}' AS change FROM {rows} WHERE {served}"
_ALTERED = """
    SELECT became.organization_id, became.id, became.public_id,
        CASE WHEN {was_served} AND was.organization_id = became.organization_id THEN 'updated' ELSE 'available' END
        AS change
    FROM new_rows AS became LEFT JOIN old_rows AS was ON was.id = became.id
    WHERE {is_served} AND (
        {was_served} AND was.organization_id = became.organization_id AND {was} IS NOT DISTINCT FROM {became}
    ) IS NOT TRUE
    UNION ALL
    SELECT was.organization_id, was.id, was.public_id, 'withdrawn'
    FROM old_rows AS was LEFT JOIN new_rows AS became ON became.id = was.id
    WHERE {was_served} AND ({is_served} AND was.organization_id = became.organization_id) IS NOT TRUE"""
# Encounters are found by a key and by nothing else. Otherwise the database may choose the index of pages, as long as it
# doesn't know how large the table is, and read all of it for each document.
_OF_DOCUMENTS = """
    SELECT encounter.organization_id, encounter.id, encounter.public_id, 'updated' AS change
    FROM (SELECT DISTINCT encounter_id FROM ({ids}) AS ids) AS touched
    CROSS JOIN LATERAL (SELECT * FROM encounters_encounter WHERE id = touched.encounter_id OFFSET 0) AS encounter
    WHERE {served}"""
_PRESENT = "SELECT encounter_id FROM {rows} WHERE {present}"
_REWRITTEN = """
        SELECT unnest(ARRAY[was.encounter_id, became.encounter_id]) AS encounter_id
        FROM old_rows AS was JOIN new_rows AS became ON became.id = was.id
        WHERE ({was_present} OR {is_present}) AND {was} IS DISTINCT FROM {became}"""
_OF_PATIENTS = """
    SELECT encounter.organization_id, encounter.id, encounter.public_id, 'updated' AS change
    FROM old_rows AS was JOIN new_rows AS became ON became.id = was.id
    CROSS JOIN LATERAL (SELECT * FROM encounters_encounter WHERE patient_id = became.id OFFSET 0) AS encounter
    WHERE {served} AND encounter.organization_id IN (was.organization_id, became.organization_id)
        AND (was.withdrawn_at IS NULL OR became.withdrawn_at IS NULL) AND {was} IS DISTINCT FROM {became}"""

# A session plans a function once, maybe for one row, and then runs the same plan for a million: so rows are joined by
# hash and found by index. What that forbids counts as very dear, and would be compiled for seconds each time.
_PLANNED = ("enable_nestloop=off", "enable_seqscan=off", "jit=off")
_REFERENCING = {
    "insert": " REFERENCING NEW TABLE AS new_rows",
    "update": " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": " REFERENCING OLD TABLE AS old_rows",
    "truncate": "",
}


def _postgresql() -> tuple[Definition, ...]:
    altered = _ALTERED.format(
        was_served=each_of("was", SERVED), is_served=each_of("became", SERVED), **_rows(ENCOUNTER)
    )
    rewritten = _REWRITTEN.format(
        was_present=each_of("was", PRESENT), is_present=each_of("became", PRESENT), **_rows(DOCUMENT)
    )
    of_patients = _OF_PATIENTS.format(served=each_of("encounter", SERVED), **_rows(PATIENT))
    return (
        _statement(ENCOUNTERS, "insert", _ALL.format(change="available", rows="new_rows", served=SERVED)),
        _statement(ENCOUNTERS, "update", altered),
        _statement(ENCOUNTERS, "delete", _ALL.format(change="withdrawn", rows="old_rows", served=SERVED)),
        _statement(ENCOUNTERS, "truncate", _ALL.format(change="withdrawn", rows=ENCOUNTERS, served=SERVED)),
        _statement(DOCUMENTS, "insert", _of_documents(_PRESENT.format(rows="new_rows", present=PRESENT))),
        _statement(DOCUMENTS, "update", _of_documents(rewritten)),
        _statement(DOCUMENTS, "delete", _of_documents(_PRESENT.format(rows="old_rows", present=PRESENT))),
        _statement(DOCUMENTS, "truncate", _of_documents(_PRESENT.format(rows=DOCUMENTS, present=PRESENT))),
        _statement(PATIENTS, "update", of_patients),
    )


def _rows(columns: tuple[str, ...]) -> dict[str, str]:
    return {row: f"ROW({', '.join(f'{row}.{column}' for column in columns)})" for row in ("was", "became")}


def _of_documents(ids: str) -> str:
    return _OF_DOCUMENTS.format(served=each_of("encounter", SERVED), ids=ids)


def _statement(table: str, event: str, changes: str) -> Definition:
    name = f"encounter_change_{table.removeprefix('encounters_')}_{event}"
    time = "BEFORE" if event == "truncate" else "AFTER"
    sql = (
        f"CREATE TRIGGER {name} {time} {event.upper()} ON {table}{_REFERENCING[event]}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return Definition(name, table, sql, Function(name, _BODY.format(changes=changes), settings=_PLANNED))


# SQLite --------------------------------------------------------------------------------------------------------------
_ROW = """\
CREATE TRIGGER {name} AFTER {event} ON {table}
WHEN {condition} BEGIN
    INSERT INTO encounters_encounterchange (organization_id, position, encounter, public_id, change, changed_at)
    SELECT organization_id, 1 + max(
        coalesce((SELECT max(position) FROM encounters_encounterchange AS kept
            WHERE kept.organization_id = encounter.organization_id), 0),
        coalesce((SELECT position FROM encounters_changehorizon AS gone
            WHERE gone.organization_id = encounter.organization_id), 0)
    ), id, public_id, {change}, replace(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000', '.000000', '')
    FROM {source};
END"""
_ITSELF = "(SELECT {row}.organization_id AS organization_id, {row}.id AS id, {row}.public_id AS public_id) AS encounter"
_OTHERS = "encounters_encounter AS encounter WHERE {served} AND {condition}"
_STAYS = "OLD.organization_id = NEW.organization_id"


def _sqlite() -> tuple[Definition, ...]:
    was, is_ = each_of("OLD", SERVED), each_of("NEW", SERVED)
    columns = ("organization_id", "record_class", "withdrawn_at", "restricted_at", *ENCOUNTER)
    was_present, is_present = each_of("OLD", PRESENT), each_of("NEW", PRESENT)
    patient_present = "(OLD.withdrawn_at IS NULL OR NEW.withdrawn_at IS NULL)"
    both = "encounter.id IN (OLD.encounter_id, NEW.encounter_id)"
    theirs = "encounter.patient_id = NEW.id AND encounter.organization_id IN (OLD.organization_id, NEW.organization_id)"
    new, old = (_ITSELF.format(row=row) for row in ("NEW", "OLD"))
    return (
        _each(ENCOUNTERS, "insert", is_, "'available'", new),
        _each(ENCOUNTERS, "delete", was, "'withdrawn'", old),
        _each(ENCOUNTERS, "update_from", f"{was} AND NOT ({is_} AND {_STAYS})", "'withdrawn'", old, columns),
        _each(
            *(ENCOUNTERS, "update_to", f"{is_} AND (NOT ({was} AND {_STAYS}) OR {_differs(ENCOUNTER)})"),
            *(f"CASE WHEN {was} AND {_STAYS} THEN 'updated' ELSE 'available' END", new, columns),
        ),
        _each(DOCUMENTS, "insert", is_present, "'updated'", _others("encounter.id = NEW.encounter_id")),
        _each(DOCUMENTS, "delete", was_present, "'updated'", _others("encounter.id = OLD.encounter_id")),
        _each(
            *(DOCUMENTS, "update", f"({was_present} OR {is_present}) AND ({_differs(DOCUMENT)})", "'updated'"),
            *(_others(both), DOCUMENT),
        ),
        _each(
            *(PATIENTS, "update", f"{patient_present} AND ({_differs(PATIENT)})", "'updated'"),
            *(_others(theirs), PATIENT),
        ),
    )


def _differs(columns: tuple[str, ...]) -> str:
    return " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)


def _others(condition: str) -> str:
    return _OTHERS.format(served=each_of("encounter", SERVED), condition=condition)


def _each(
    table: str, event: str, condition: str, change: str, source: str, columns: tuple[str, ...] = ()
) -> Definition:
    name = f"encounter_change_{table.removeprefix('encounters_')}_{event}"
    of = f" OF {', '.join(columns)}" if columns else ""
    head = event.partition("_")[0].upper() + of
    return Definition(
        name,
        table,
        _ROW.format(name=name, event=head, table=table, condition=condition, change=change, source=source),
    )


SET = TriggerSet(
    sqlite=(*_sqlite(), *eras.definitions("sqlite")), postgresql=(*_postgresql(), *eras.definitions("postgresql"))
)
