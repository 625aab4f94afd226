"""Queries of the document routes: one encounter and one of its documents, in SQL for both databases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connection

from encounters.api.serializers import (
    MARKDOWN,
    AmbientTranscriptSerializer,
    DocumentSerializer,
    DocumentTranscriptSerializer,
    TranscriptSerializer,
    TurnSerializer,
)
from encounters.models import SchemaType
from encounters.totals.buckets import PRESENT, each_of
from partners.api.disclosure import Disclosure
from partners.catalogue.routes import Route
from partners.statements import Statement

# The patient must belong to the same organization as the encounter, and the document to the encounter. A withdrawn
# patient is joined too: no document response names the patient, but the disclosure of their data must be recorded.
_FOUND = """
SELECT encounter.organization_id, encounter.record_class, encounter.id, patient.id,
    document.id, document.schema_type, document.status, document.turns IS NOT NULL, document.audio, {columns}
FROM encounters_encounter AS encounter
LEFT JOIN encounters_patient AS patient ON patient.id = encounter.patient_id
    AND patient.organization_id = encounter.organization_id
LEFT JOIN encounters_document AS document ON document.encounter_id = encounter.id
    AND document.public_id = %s AND {document_present}
WHERE encounter.public_id = %s AND {encounter_present}
"""

_DOCUMENT_KEYS = DocumentSerializer.keys()
_IDS = DocumentTranscriptSerializer.keys()
_TRANSCRIPT_KEYS = TranscriptSerializer.keys()
_TURN_KEYS = TurnSerializer.keys()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document from the database: what decides whether it is served, and the columns that its route serves."""

    pk: int
    schema_type: str
    status: str | None
    has_turns: bool
    audio: str | None
    row: Sequence[Any]


@dataclass(frozen=True, slots=True)
class DocumentedEncounter:
    """One encounter from the database, with the requested document if it belongs to this encounter."""

    organization_pk: int
    record_class: str
    pk: int
    patient_pk: int | None
    document: StoredDocument | None

    def disclosure(self) -> Disclosure:
        """Return whose data a response with its document contains, on any of the routes."""
        document_pk = None if self.document is None else self.document.pk
        return Disclosure([self.pk], [] if self.patient_pk is None else [self.patient_pk], document_pk)


def find_document(
    route: Route, encounter_id: str, document_id: str, using: str = DEFAULT_DB_ALIAS
) -> DocumentedEncounter | None:
    """Return the encounter with this id, of any organization, and its document with that id; None without encounter."""
    rows = _statement(connection.vendor, route).rows(document_id, encounter_id, using=using)
    if not rows:
        return None
    owner, record_class, pk, patient_pk, document_pk, schema_type, status, has_turns, audio, *columns = rows[0]
    document = StoredDocument(document_pk, schema_type, status, bool(has_turns), audio, columns)
    return DocumentedEncounter(owner, record_class, pk, patient_pk, None if document_pk is None else document)


def detail(document: StoredDocument) -> dict[str, Any]:
    """Return the body of `documents.detail`. A note has its content, a transcript the duration of its recording."""
    *values, duration, content = document.row
    common = dict(zip(_DOCUMENT_KEYS, values, strict=True))
    if document.schema_type == SchemaType.AMBIENT_TRANSCRIPT:
        return {"document": common | {"audio_duration_seconds": duration}}
    return {"document": common | {"content": {"format": MARKDOWN, "text": content}}}


def transcript(document: StoredDocument) -> dict[str, Any]:
    """Return the body of `documents.transcript`, with the keys of each turn in order: PostgreSQL reorders them."""
    *values, turns = document.row
    ids, told = values[: len(_IDS)], values[len(_IDS) :]
    in_order = [{key: turn[key] for key in _TURN_KEYS} for turn in orjson.loads(turns)]
    return dict(zip(_IDS, ids, strict=True)) | {
        "transcript": dict(zip(_TRANSCRIPT_KEYS, told, strict=True)) | {"turns": in_order}
    }


def _detail_columns(vendor: str) -> str:
    return f"{AmbientTranscriptSerializer.columns('document', vendor)}, document.content"


def _transcript_columns(vendor: str) -> str:
    ids, told = (each.columns("document", vendor) for each in (DocumentTranscriptSerializer, TranscriptSerializer))
    return f"{ids}, {told}, document.turns"


_COLUMNS: dict[Route, Callable[[str], str]] = {
    Route.DOCUMENTS_DETAIL: _detail_columns,
    Route.DOCUMENTS_TRANSCRIPT: _transcript_columns,
    Route.DOCUMENTS_AUDIO: lambda vendor: "NULL",
}


@cache
def _statement(vendor: str, route: Route) -> Statement:
    present = {f"{row}_present": each_of(row, PRESENT) for row in ("encounter", "document")}
    return Statement(_FOUND.format(columns=_COLUMNS[route](vendor), **present))
