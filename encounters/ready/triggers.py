"""The triggers that note a transcript which became ready, in the transaction that made it so, whoever wrote it.

A transcript is ready when the API serves it: it is final and has turns, and neither it nor its encounter is withheld,
restricted or withdrawn. Organizations without a webhook endpoint cost nothing but the look whether they have one.
"""

from dataclasses import dataclass

from encounters.totals.buckets import PRESENT, SERVED, each_of
from partners.triggers.definitions import Definition, Function, TriggerSet

_IS_READY = (
    f"schema_type = 'ambient_transcript' AND status IN ('completed', 'amended') AND turns IS NOT NULL AND {PRESENT}"
)
_NOW = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')"}
# What must be true of an encounter is no condition of finding it, so that it is always found by its key. Otherwise
# PostgreSQL may choose the index of pages, as long as it doesn't know how large the table is, and read all of it.
_NOTE = """
    INSERT INTO encounters_readytranscript (document, ready_at)
    SELECT document.id, {now} FROM encounters_document AS document
    WHERE {which} AND {is_ready} AND (
        SELECT {is_served} AND EXISTS (SELECT 1 FROM partners_webhookendpoint AS endpoint
            WHERE endpoint.organization_id = encounter.organization_id)
        FROM encounters_encounter AS encounter WHERE encounter.id = document.encounter_id)
    ON CONFLICT (document) DO NOTHING;"""
_NOTE_IF = """
BEGIN
    IF {condition} THEN{note}
    END IF;
    RETURN NULL;
END
"""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: what it watches, when it fires, and which documents it then looks at."""

    name: str
    table: str
    event: str
    condition: str
    which: str

    def sqlite(self) -> Definition:
        """Return the trigger for SQLite."""
        head = f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} WHEN ({self.condition})"
        return Definition(self.name, self.table, f"{head} BEGIN{self._note('sqlite')}\nEND")

    def postgresql(self) -> Definition:
        """Return the trigger for PostgreSQL, with its condition in the function."""
        body = _NOTE_IF.format(condition=self.condition, note=self._note("postgresql"))
        sql = f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} FOR EACH ROW EXECUTE FUNCTION"
        return Definition(self.name, self.table, f"{sql} {self.name}()", Function(self.name, body))

    def _note(self, vendor: str) -> str:
        return _NOTE.format(
            now=_NOW[vendor],
            which=self.which,
            is_ready=each_of("document", _IS_READY),
            is_served=each_of("encounter", SERVED),
        )


_NEW, _OLD = each_of("NEW", _IS_READY), each_of("OLD", _IS_READY)
_DOCUMENT = "status, turns, withdrawn_at, restricted_at, schema_type, encounter_id"

TRIGGERS = (
    Trigger("ready_transcript_insert", "encounters_document", "INSERT", _NEW, "document.id = NEW.id"),
    Trigger(
        "ready_transcript_update",
        "encounters_document",
        f"UPDATE OF {_DOCUMENT}",
        f"{_NEW} AND (NEW.encounter_id <> OLD.encounter_id OR ({_OLD}) IS NOT TRUE)",
        "document.id = NEW.id",
    ),
    Trigger(
        "ready_transcript_served",
        "encounters_encounter",
        "UPDATE OF record_class, withdrawn_at, restricted_at",
        f"{each_of('NEW', SERVED)} AND NOT ({each_of('OLD', SERVED)})",
        "document.encounter_id = NEW.id",
    ),
)
SET = TriggerSet(
    sqlite=tuple(each.sqlite() for each in TRIGGERS), postgresql=tuple(each.postgresql() for each in TRIGGERS)
)
