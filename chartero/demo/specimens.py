"""One document of each kind, in one encounter of the demonstration, for its calls of documents."""

from typing import Any, NamedTuple

from chartero.demo import tone
from encounters.models import Document, Encounter
from encounters.models import SchemaType as Schema
from partners.models import Organization

TURNS = [{"speaker": "Doctor", "start": 0.0, "end": 2.5, "text": "Invented for a demonstration. How are you?"}]


class Specimens(NamedTuple):
    """A note, a document of another type, a final transcript and a draft."""

    note: Document
    scan: Document
    final: Document
    draft: Document


def of(organization: Organization) -> Specimens:
    """Return the documents. The first run creates them."""
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
