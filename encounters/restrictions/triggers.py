"""The triggers that refuse an encounter whose `restricted_at` doesn't follow from the restrictions, whoever writes it.

So no import, and no other writer, can store an encounter as served that is restricted or is of a restricted patient.
Concurrent writers must hold the organization's lock, as imports do: on PostgreSQL, a trigger doesn't see a restriction
that is not committed.
"""

from partners.triggers.definitions import Definition, Function, TriggerSet

TABLE = "encounters_encounter"
_REFUSAL = "restricted_at must follow from the restrictions"
_DIFFERS = """(NEW.restricted_at IS NOT NULL) <> EXISTS (
        SELECT 1 FROM encounters_restriction AS restriction WHERE restriction.ended_at IS NULL
            AND (restriction.encounter_id = NEW.id OR restriction.patient_id = NEW.patient_id)
    )"""
_SQLITE = """\
CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {differs} BEGIN
    SELECT RAISE(ABORT, '{refusal}');
END"""
_POSTGRESQL = "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
_BODY = """
BEGIN
    IF {changed}{differs} THEN
        RAISE EXCEPTION '{refusal}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
"""
# Most updates write the same values again. They need no look at the restrictions.
_CHANGED = """\
(NEW.patient_id IS DISTINCT FROM OLD.patient_id OR NEW.restricted_at IS DISTINCT FROM OLD.restricted_at)
        AND """


def _definitions(name: str, event: str, changed: str = "") -> tuple[Definition, Definition]:
    """Return a trigger for SQLite and for PostgreSQL."""
    names = {"name": name, "event": event, "table": TABLE}
    body = _BODY.format(changed=changed, differs=_DIFFERS, refusal=_REFUSAL)
    return (
        Definition(name, TABLE, _SQLITE.format(**names, differs=_DIFFERS, refusal=_REFUSAL)),
        Definition(name, TABLE, _POSTGRESQL.format(**names), Function(name, body)),
    )


_INSERT = _definitions("encounter_restriction_insert", "INSERT")
_UPDATE = _definitions("encounter_restriction_update", "UPDATE OF patient_id, restricted_at", _CHANGED)
SET = TriggerSet(sqlite=(_INSERT[0], _UPDATE[0]), postgresql=(_INSERT[1], _UPDATE[1]))
