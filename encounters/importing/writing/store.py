"""Write a batch of rows of one kind in one transaction, with few statements: new, newer and withdrawn rows.

Everything is read and decided before the transaction, which is short: on SQLite, it blocks partners' calls.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.db.models import F

from encounters.importing.codes import Code, ImportOutcome
from encounters.importing.job import Job
from encounters.importing.rows import Row, Target
from encounters.importing.writing import plain, versions
from encounters.importing.writing.clock import Clock
from encounters.importing.writing.inserting import insert
from encounters.importing.writing.kinds import KINDS
from encounters.importing.writing.linking import Link
from encounters.importing.writing.updating import update
from encounters.importing.writing.versions import Incoming, Known
from encounters.models import Document, DocumentStatus, SourceRecord

RECORD_FIELDS = ("version", "as_of", "fingerprint", "labelled_test", "server", "withdrawn_at")
WITHDRAWN = "withdrawn"

# Stored fingerprints are compared with new ones: what this writes must not change.
ENCODER = json.JSONEncoder(default=str, sort_keys=True)


def write(job: Job, clock: Clock, rows: list[Row]) -> list[ImportOutcome]:
    """Write a batch and return the outcome of each row."""
    with job.alone():
        clock.start_batch()
        batch = _Batch(job, clock, rows)
        outcomes = [batch.take(row) for row in rows]
        batch.save()
    return outcomes


def supersede(job: Job, targets: list[Target]) -> None:
    """Mark documents that others replace as superseded, now and in all their later versions."""
    with job.alone():
        records = job.records("DocumentReference", [each.id for each in targets])
        found = {
            (each.source_id, each.server): each for each in records.filter(superseded=False, document__isnull=False)
        }
        replaced = [
            each for each in found.values() if any(t.id == each.source_id and t.is_at(each.server) for t in targets)
        ]
        if replaced:
            _mark_superseded(replaced)


def _mark_superseded(records: list[SourceRecord]) -> None:
    with transaction.atomic(savepoint=False):
        documents = Document.objects.filter(pk__in=[each.document_id for each in records])
        documents.update(status=DocumentStatus.SUPERSEDED)
        SourceRecord.objects.filter(pk__in=[each.pk for each in records]).update(superseded=True)


class _Batch:
    def __init__(self, job: Job, clock: Clock, rows: list[Row]) -> None:
        self.job, self.clock = job, clock
        self.kind = KINDS[rows[0].type]
        self.key = f"{self.kind.field}_id"
        self.links = self.kind.link(job, rows)
        self.known = {each["source_id"]: SimpleNamespace(**each) for each in self._known(rows)}
        self.written: defaultdict[str, list[Any]] = defaultdict(list)
        self.parents: set[int | None] = set()

    def take(self, row: Row) -> ImportOutcome:
        """Decide the outcome of one row, and collect what to write."""
        link, record = self.links[row.id], self.known.get(row.id)
        row.refusal = Code.ID_TAKEN if _is_from_elsewhere(row, record) else link.refusal
        if row.refusal:
            return ImportOutcome.REJECTED
        incoming = self._incoming(row, link)
        if record is None:
            return self._create(row, link, incoming)
        known = Known(record.version, record.as_of, record.fingerprint, record.withdrawn_at is not None)
        outcome = versions.judge(known, incoming)
        if outcome is ImportOutcome.UNCHANGED and self._is_reclassified(record, link):
            outcome = ImportOutcome.UPDATED
        if outcome is ImportOutcome.UPDATED:
            self._update(row, link, record)
        if outcome is ImportOutcome.WITHDRAWN:
            self._withdraw(record)
        self._advance(record, known, incoming, row, outcome)
        return outcome

    def save(self) -> None:
        """Write everything that was collected, if there is anything."""
        if self.written or self.parents:
            with transaction.atomic(savepoint=False):
                self._save()

    def _save(self) -> None:
        """Write the rows first, then the records that refer to them."""
        self.kind.mark([*self.written["new rows"], *self.written["rows"]])
        insert(self.kind.model, self.written["new rows"])
        for record, row in zip(self.written["their records"], self.written["new rows"], strict=True):
            setattr(record, self.key, row.pk)
        insert(SourceRecord, self.written["new records"])
        update(self.kind.model, self.written["rows"], self.kind.fields)
        update(SourceRecord, self.written["records"], [*RECORD_FIELDS, self.kind.field])
        if self.written["withdrawn"]:
            rows = self.kind.model._default_manager.filter(pk__in=self.written["withdrawn"])
            rows.update(withdrawn_at=self.clock.now)
        if parents := {parent for parent in self.parents if parent is not None}:
            self.kind.follow_up(self.job, parents)

    def _known(self, rows: list[Row]) -> Iterable[dict[str, Any]]:
        records = self.job.records(rows[0].type, [row.id for row in rows])
        related = {"record_class": F("encounter__record_class"), "parent": F("document__encounter_id")}
        found: Iterable[dict[str, Any]]
        found = records.values("pk", "source_id", "superseded", *RECORD_FIELDS, self.key, **related)
        return found

    def _incoming(self, row: Row, link: Link) -> Incoming:
        mapped = row.mapped
        facts = [mapped.values, row.patient and row.patient.id, link.encounter, mapped.labelled_test]
        digest = WITHDRAWN if mapped.withdrawn else hashlib.sha256(ENCODER.encode(facts).encode()).hexdigest()
        fingerprint = versions.fingerprint(digest, mapped.finer_version)
        return Incoming(mapped.version, self.job.transaction_time, fingerprint, mapped.withdrawn, row.deletion)

    def _create(self, row: Row, link: Link, incoming: Incoming) -> ImportOutcome:
        identity = {"source": self.job.source, "resource_type": row.type, "source_id": row.id}
        record = plain.new(SourceRecord, organization_id=self.job.organization.pk, **identity)
        self._note(record, row, incoming)
        if incoming.withdrawn:
            record.withdrawn_at = self.clock.now
        else:
            self._add_row(row, link, record)
        self.written["new records"].append(record)
        return ImportOutcome.WITHDRAWN if incoming.withdrawn else ImportOutcome.CREATED

    def _update(self, row: Row, link: Link, record: Any) -> None:
        record.withdrawn_at = None
        self.parents.add(record.parent)
        if getattr(record, self.key) is None:  # so far a tombstone without a row
            self._add_row(row, link, record)
            return
        changed = plain.new(self.kind.model, **self._values(row, link, record))
        changed.pk = getattr(record, self.key)
        self.written["rows"].append(changed)
        self.parents.add(self._parent(changed))

    def _withdraw(self, record: Any) -> None:
        record.withdrawn_at = self.clock.now
        self.written["withdrawn"].append(getattr(record, self.key))
        self.parents.add(record.parent)

    def _advance(self, record: Any, known: Known, incoming: Incoming, row: Row, outcome: ImportOutcome) -> None:
        is_unchanged = outcome is ImportOutcome.UNCHANGED
        seen_later = incoming.moment is not None and incoming.moment > known.moment
        if outcome in (ImportOutcome.UPDATED, ImportOutcome.WITHDRAWN) or (is_unchanged and seen_later):
            self._note(record, row, incoming)
        elif is_unchanged and row.server and record.server is None:
            record.server = row.server
        else:
            return
        self.written["records"].append(record)

    def _note(self, record: Any, row: Row, incoming: Incoming) -> None:
        record.version = incoming.version
        record.as_of = incoming.transaction_time or self.clock.now
        record.fingerprint = incoming.fingerprint
        record.labelled_test = row.mapped.labelled_test
        record.server = record.server or row.server

    def _add_row(self, row: Row, link: Link, record: Any) -> None:
        values = link.on_creation | self._values(row, link, record)
        if self.kind.is_stamped:
            values["created_at"] = (self.job.service_dates and row.mapped.service_start) or self.clock.tick()
        added = plain.new(self.kind.model, **values)
        self.written["new rows"].append(added)
        self.written["their records"].append(record)
        self.parents.add(self._parent(added))

    def _values(self, row: Row, link: Link, record: Any) -> dict[str, Any]:
        values = dict(link.values)
        if self.kind.is_dated:
            values["updated_at"] = row.mapped.version or self.job.transaction_time or self.clock.now
        if record.superseded:
            values["status"] = DocumentStatus.SUPERSEDED
        return values

    def _parent(self, written: Any) -> int | None:
        """Return the key that `follow_up` needs: a document's encounter, or the row itself."""
        parent: int | None = getattr(written, "encounter_id", None) or written.pk
        return parent

    def _is_reclassified(self, record: Any, link: Link) -> bool:
        return link.record_class is not None and record.record_class not in (None, link.record_class)


def _is_from_elsewhere(row: Row, record: Any) -> bool:
    """Return True if the known resource with this id is from another server."""
    return record is not None and None not in (row.server, record.server) and row.server != record.server
