"""Why a record that exists is answered as not found: for staff who may know. Partners never learn that it exists."""

from typing import Any

from encounters.models import Document, Encounter

RESTRICTED, WITHDRAWN = "is withheld by a restriction", "was taken back by its source"
_DECISIVE = ("restricted_at", "withdrawn_at")


def why(encounter_id: str, document_id: str = "") -> str:
    """Return why the encounter, or else its document, is not served; blank if it is, or if there is none."""
    encounter = Encounter.objects.only(*_DECISIVE).filter(public_id=encounter_id).first()
    documents = Document.objects.only(*_DECISIVE).filter(encounter=encounter, public_id=document_id)
    document = documents.first() if encounter else None
    return next((told for told in map(_why, (encounter, document)) if told), "")


def _why(record: Any) -> str:
    if record is None or (record.restricted_at is None and record.withdrawn_at is None):
        return ""
    return f"{record._meta.verbose_name} {WITHDRAWN if record.restricted_at is None else RESTRICTED}"
