"""The table of transcripts that became ready."""

from django.db import models
from django.db.models import Q


class ReadyTranscript(models.Model):
    """A transcript that became final, and that its organization can read. Triggers write it, once for each transcript.

    The row stays when an event was made of it, so that no later change of the document makes another one. The document
    is no foreign key: it is only looked at again, and may be gone.
    """

    document = models.BigIntegerField(primary_key=True)
    ready_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["ready_at"], condition=Q(taken_at=None), name="ready_transcript_waiting")]

    def __str__(self) -> str:
        return str(self.document)
