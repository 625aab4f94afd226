"""The source of the event `recording.transcript_ready`: what the triggers noted, and whether it is still served."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from encounters.models import Document, DocumentStatus, ReadyTranscript, SchemaType
from partners.catalogue.events import EventType
from partners.models import WebhookEvent
from partners.webhooks.sources import Pointer

FINAL = (DocumentStatus.COMPLETED, DocumentStatus.AMENDED)


class ReadyTranscripts:
    """Transcripts that became final and that their organization can read."""

    type = EventType.TRANSCRIPT_READY

    def take(self, limit: int) -> list[Pointer]:
        """Return the next ones, and mark them as taken. Call it in a transaction."""
        taken = dict(_waiting().select_for_update(skip_locked=True).values_list("document", "ready_at")[:limit])
        ReadyTranscript.objects.filter(pk__in=taken).update(taken_at=timezone.now())
        rows = Document.objects.filter(pk__in=taken).order_by("pk")
        found = rows.values_list("pk", "encounter__organization", "encounter__public_id", "public_id")
        return [Pointer(owner, encounter, document, taken[pk]) for pk, owner, encounter, document in found]

    def waiting_since(self) -> datetime | None:
        """Return when the oldest that is not taken yet became ready."""
        return _waiting().values_list("ready_at", flat=True).first()

    def served(self, events: Sequence[WebhookEvent]) -> set[int]:
        """Return the events whose transcript the API would serve now, to the organization that the event is for."""
        rows = Document.objects.served().filter(
            public_id__in=[each.document_id for each in events],
            schema_type=SchemaType.AMBIENT_TRANSCRIPT,
            status__in=FINAL,
            turns__isnull=False,
        )
        found = set(rows.values_list("public_id", "encounter__public_id", "encounter__organization"))
        return {each.pk for each in events if (each.document_id, each.encounter_id, each.organization_id) in found}


def _waiting() -> QuerySet[ReadyTranscript]:
    return ReadyTranscript.objects.filter(taken_at=None).order_by("ready_at", "pk")
