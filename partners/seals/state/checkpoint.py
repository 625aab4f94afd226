"""The last checkpoint, and where it was last known to leave for: the file, and whoever was sent it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent
from partners.models.seal import Seal
from partners.seals import publishing

LOOKED_BACK = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """The file of the newest checkpoint as this server sees it: its seal and when it was written, or what is wrong."""

    number: int | None = None
    written_at: datetime | None = None
    fault: str = ""


def kept_file() -> KeptFile | None:
    """Return the file; None if this process knows of none."""
    if not settings.CHECKPOINT_FILE:
        return None
    try:
        kept = publishing.kept()
        with publishing.file_needed():
            written = Path(settings.CHECKPOINT_FILE).stat().st_mtime if kept else None
    except publishing.PublishingFault as fault:
        return KeptFile(fault=str(fault))
    if kept is None or written is None:
        return KeptFile(fault="There is no such file yet.")
    return KeptFile(kept.number, datetime.fromtimestamp(written, UTC))


def last_sent() -> ChangeEvent | None:
    """Return when a checkpoint was last mailed or downloaded, if that was within a month."""
    sent = ChangeEvent.objects.filter(action=Action.CHECKPOINT_SENT, occurred_at__gt=timezone.now() - LOOKED_BACK)
    return sent.order_by("-occurred_at", "-pk").first()


def record_sent(seal: Seal, change: Change, to: str) -> None:
    """Record that a checkpoint left the database, and where to."""
    ChangeEvent.record(Action.CHECKPOINT_SENT, change, after={"seal": seal.number, "to": to})
