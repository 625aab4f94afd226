"""One document of each kind, on one encounter of the demonstration: what its calls of documents name."""

from typing import Any, NamedTuple

from chartero.demo import tone
from encounters.models import Document, Encounter
from encounters.models import SchemaType as Schema
from partners.models import Organization

TURNS = [{"speaker": "Doctor", "start": 0.0, "end": 2.5, "text": "Invented for a demonstration. How are you?"}]


class Specimens(NamedTuple):
    """A note, a document of a type that is not served, a final transcript and one that is not final."""

    note: Document
    scan: Document
    final: Document
    draft: Document


def of(organization: Organization) -> Specimens:
    """Return the documents, which are made once and then stay."""
    encounter = Encounter.objects.for_organization(organization).served().earliest("pk")

    def kept(title: str, schema_type: str, **values: Any) -> Document:
        found, _ = Document.objects.get_or_create(
            encounter=encounter, title=title, schema_type=schema_type, defaults=values
        )
        return found

    final = {"status": "completed", "turns": TURNS, "audio": tone.keep(organization), "audio_duration_seconds": 2.5}
    return Specimens(
        kept("Example of a note", Schema.DOCUMENT, status="completed", content="Invented. Nobody in it exists."),
        kept("Example of another type", "scanned_form"),
        kept("Example of a final transcript", Schema.AMBIENT_TRANSCRIPT, **final),
        kept("Example of a draft", Schema.AMBIENT_TRANSCRIPT, status="draft", turns=[]),
    )
