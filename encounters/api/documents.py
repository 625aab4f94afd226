"""The read of the document routes, in SQL that means the same on both databases: one encounter, one document of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.db import connection

from encounters.api.serializers import (
    MARKDOWN,
    AmbientTranscriptSerializer,
    DocumentSerializer,
    DocumentTranscriptSerializer,
    TranscriptSerializer,
    TurnSerializer,
)
from encounters.models import SchemaType
from partners.api.disclosure import Disclosure
from partners.catalogue.routes import Route

# A patient that does not fit the encounter is never joined to it, nor is another encounter's document. A withdrawn one
# is: no body of a document names its patient, yet what it tells of them has to be on record.
_FOUND = """
SELECT encounter.organization_id, encounter.record_class, encounter.id, patient.id,
    document.id, document.schema_type, document.status, document.turns IS NOT NULL, document.audio, {columns}
FROM encounters_encounter AS encounter
LEFT JOIN encounters_patient AS patient ON patient.id = encounter.patient_id
    AND patient.organization_id = encounter.organization_id
LEFT JOIN encounters_document AS document ON document.encounter_id = encounter.id
    AND document.public_id = %s AND document.withdrawn_at IS NULL
WHERE encounter.public_id = %s AND encounter.withdrawn_at IS NULL
"""

_DOCUMENT_KEYS = DocumentSerializer.keys()
_IDS = DocumentTranscriptSerializer.keys()
_TRANSCRIPT_KEYS = TranscriptSerializer.keys()
_TURN_KEYS = TurnSerializer.keys()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document as read: what decides whether it is served, and the columns that its route serves."""

    pk: int
    schema_type: str
    status: str | None
    has_turns: bool
    audio: str | None
    row: Sequence[Any]


@dataclass(frozen=True, slots=True)
class DocumentedEncounter:
    """One encounter as read, and the document that was asked for, if it is one of this encounter."""

    organization_pk: int
    record_class: str
    pk: int
    patient_pk: int | None
    document: StoredDocument | None

    def disclosure(self) -> Disclosure:
        """Return whose data a body of its document holds, on any of the routes."""
        document_pk = None if self.document is None else self.document.pk
        return Disclosure([self.pk], [] if self.patient_pk is None else [self.patient_pk], document_pk)


def find(route: Route, encounter_id: str, document_id: str) -> DocumentedEncounter | None:
    """Return the encounter of any organization that has this id, with its document of that id; None without it."""
    with connection.cursor() as cursor:
        cursor.execute(_sql(connection.vendor, route), [document_id, encounter_id])
        row = cursor.fetchone()
    if row is None:
        return None
    owner, record_class, pk, patient_pk, document_pk, schema_type, status, has_turns, audio, *columns = row
    document = StoredDocument(document_pk, schema_type, status, bool(has_turns), audio, columns)
    return DocumentedEncounter(owner, record_class, pk, patient_pk, None if document_pk is None else document)


def detail(document: StoredDocument) -> dict[str, Any]:
    """Return the body of `documents.detail`: a note has content, a transcript the length of its recording."""
    *values, duration, content = document.row
    common = dict(zip(_DOCUMENT_KEYS, values, strict=True))
    if document.schema_type == SchemaType.AMBIENT_TRANSCRIPT:
        return {"document": common | {"audio_duration_seconds": duration}}
    return {"document": common | {"content": {"format": MARKDOWN, "text": content}}}


def transcript(document: StoredDocument) -> dict[str, Any]:
    """Return the body of `documents.transcript`; PostgreSQL has changed the order of the keys in a turn."""
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
def _sql(vendor: str, route: Route) -> str:
    return _FOUND.format(columns=_COLUMNS[route](vendor))
