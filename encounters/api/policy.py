"""Checks 14 and following: whether the organization may read this encounter, and then this document of it.

The checks of a cursor are here too, because they depend on the organization: they come after check 13.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from encounters.api.changes import ChangePage
from encounters.api.cursors import Cursor
from encounters.api.documents import DocumentedEncounter, StoredDocument
from encounters.models import DocumentStatus, RecordClass, SchemaType
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision.policy import Rule

FINAL = (DocumentStatus.COMPLETED, DocumentStatus.AMENDED)


class Record(Protocol):
    """What every route reads of an encounter."""

    @property
    def organization_pk(self) -> int:
        """Return the organization that the encounter belongs to."""

    @property
    def record_class(self) -> str:
        """Return what kind of data it is."""


@dataclass(frozen=True, slots=True)
class EncounterRequest:
    """The caller's organization, and the requested encounter if it exists."""

    organization_pk: int | None
    encounter: Record | None


@dataclass(frozen=True, slots=True)
class DocumentRequest(EncounterRequest):
    """The caller's organization, and the requested encounter and document if they exist."""

    encounter: DocumentedEncounter | None

    @property
    def document(self) -> StoredDocument | None:
        return None if self.encounter is None else self.encounter.document


def _elsewhere(asked: EncounterRequest) -> bool | None:
    if asked.encounter is None or asked.organization_pk is None:
        return None
    return asked.encounter.organization_pk != asked.organization_pk


def _not_clinical(asked: EncounterRequest) -> bool | None:
    return None if asked.encounter is None else asked.encounter.record_class != RecordClass.CLINICAL


# The owner is checked before the class: nobody learns what kind of encounter another organization has.
ENCOUNTER_POLICY: tuple[Rule[EncounterRequest], ...] = (
    Rule(Reason.ENCOUNTER_NOT_FOUND, lambda asked: asked.encounter is None),
    Rule(Reason.CROSS_ORGANIZATION_DENIED, _elsewhere),
    Rule(Reason.DEMO_TRAINING_DENIED, _not_clinical),
)


def _no_document(asked: DocumentRequest) -> bool | None:
    return None if asked.encounter is None else asked.document is None


def _none_of(*schema_types: str) -> Callable[[DocumentRequest], bool | None]:
    return lambda asked: None if asked.document is None else asked.document.schema_type not in schema_types


def _no_transcript(asked: DocumentRequest) -> bool | None:
    if asked.document is None:
        return None
    return asked.document.status not in FINAL or not asked.document.has_turns


def _no_audio(asked: DocumentRequest) -> bool | None:
    return None if asked.document is None else asked.document.audio is None


def _of_its_encounter(rule: Rule[EncounterRequest]) -> Rule[DocumentRequest]:
    return Rule(rule.reason, rule.denies)


_EXISTS = (
    *map(_of_its_encounter, ENCOUNTER_POLICY),
    Rule(Reason.DOCUMENT_NOT_FOUND, _no_document),
)
_IS_TRANSCRIPT = (*_EXISTS, Rule(Reason.UNSUPPORTED_DOCUMENT_TYPE, _none_of(SchemaType.AMBIENT_TRANSCRIPT)))

DOCUMENT_POLICIES: dict[Route, tuple[Rule[DocumentRequest], ...]] = {
    Route.DOCUMENTS_DETAIL: (*_EXISTS, Rule(Reason.UNSUPPORTED_DOCUMENT_TYPE, _none_of(*SchemaType))),
    Route.DOCUMENTS_TRANSCRIPT: (*_IS_TRANSCRIPT, Rule(Reason.TRANSCRIPT_NOT_FOUND, _no_transcript)),
    Route.DOCUMENTS_AUDIO: (*_IS_TRANSCRIPT, Rule(Reason.AUDIO_NOT_FOUND, _no_audio)),
}


@dataclass(frozen=True, slots=True)
class ChangesRequest:
    """The caller's organization, the cursor if one was sent, and the page after it, unless the cursor is not theirs."""

    organization_pk: int | None
    cursor: Cursor | None
    page: ChangePage | None


def _not_theirs(asked: ChangesRequest) -> bool | None:
    if asked.organization_pk is None:
        return None
    return asked.cursor is not None and asked.cursor.organization != asked.organization_pk


CHANGES_POLICY: tuple[Rule[ChangesRequest], ...] = (
    Rule(Reason.INVALID_QUERY, _not_theirs),
    Rule(Reason.CURSOR_EXPIRED, lambda asked: None if asked.page is None else asked.page.expired),
)
