"""The triggers that refuse an encounter whose `restricted_at` doesn't follow from the restrictions, whoever writes it.

So no import, and no other writer, can store an encounter as served that is restricted or is of a restricted patient.
Concurrent writers must hold the organization's lock, as imports do: on PostgreSQL, a trigger doesn't see a restriction
that is not committed.
"""

from partners.triggers.definitions import Definition, Function, TriggerSet

TABLE = "encounters_encounter"
_REFUSAL = "restricted_at must follow from the restrictions"
_DIFFERS = """({row}.restricted_at IS NOT NULL) <> EXISTS (
        SELECT 1 FROM encounters_restriction AS restriction WHERE restriction.ended_at IS NULL
            AND (restriction.encounter_id = {row}.id OR restriction.patient_id = {row}.patient_id)
    )"""

# PostgreSQL ----------------------------------------------------------------------------------------------------------
_REFUSE = f"RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
# All new rows of a statement are looked at together: to look at each took a quarter of the time.
_INSERTED = f"""
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows AS became WHERE {_DIFFERS.format(row="became")}) THEN
        {_REFUSE}
    END IF;
    RETURN NULL;
END
"""  # noqa: S608 – our own names
# Most updates write the same values again, and need no look at the restrictions. The conditions stand apart, because
# one that has a subquery is prepared for execution before any part of it is looked at.
_UPDATED = f"""
BEGIN
    IF NEW.patient_id IS DISTINCT FROM OLD.patient_id OR NEW.restricted_at IS DISTINCT FROM OLD.restricted_at THEN
        IF {_DIFFERS.format(row="NEW")} THEN
            {_REFUSE}
        END IF;
    END IF;
    RETURN NEW;
END
"""
_INSERT, _UPDATE = "encounter_restriction_insert", "encounter_restriction_update"
_COLUMNS = "UPDATE OF patient_id, restricted_at"
_ON_POSTGRESQL = (
    Definition(
        _INSERT,
        TABLE,
        f"CREATE TRIGGER {_INSERT} AFTER INSERT ON {TABLE} REFERENCING NEW TABLE AS new_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {_INSERT}()",
        Function(_INSERT, _INSERTED),
    ),
    Definition(
        _UPDATE,
        TABLE,
        f"CREATE TRIGGER {_UPDATE} BEFORE {_COLUMNS} ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {_UPDATE}()",
        Function(_UPDATE, _UPDATED),
    ),
)


# SQLite --------------------------------------------------------------------------------------------------------------
def _on_sqlite(name: str, event: str) -> Definition:
    sql = (
        f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} WHEN {_DIFFERS.format(row='NEW')} BEGIN\n"
        f"    SELECT RAISE(ABORT, '{_REFUSAL}');\nEND"
    )
    return Definition(name, TABLE, sql)


SET = TriggerSet(sqlite=(_on_sqlite(_INSERT, "INSERT"), _on_sqlite(_UPDATE, _COLUMNS)), postgresql=_ON_POSTGRESQL)
