"""Let the last seal leave the database as a checkpoint: into the log, and into a file where one is named.

A file that the chain doesn't contain is evidence. It is never replaced, and nothing is sealed until somebody has moved
it away: whoever cuts the chain or restores a backup would otherwise have it confirmed within a minute.
"""

import logging
import os
from pathlib import Path
from textwrap import wrap

from django.conf import settings

from partners.models import Seal
from partners.seals.chain import is_whole
from partners.seals.checkpoints import Checkpoint, InvalidCheckpoint
from partners.seals.faults import Kind

logger = logging.getLogger(__name__)


class ChainBroken(Exception):
    """The chain can't be continued. The message says why and what to do."""


def require_continuity() -> None:
    """Raise ChainBroken if the last seal isn't sound, or the chain doesn't contain the checkpoint in the file."""
    number = Seal.objects.order_by("-number").values_list("number", flat=True).first()
    head = None if number is None else Seal.objects.readable(number)
    if number is not None and (head is None or not is_whole(head)):
        raise ChainBroken("The chain of seals can't be continued: its last seal was altered. Run verify_records.")
    kept = _kept()
    fault = kept and kept.fault()
    if fault:
        what = "is not signed with a key that is loaded" if fault.kind is Kind.CHECKPOINT_INVALID else "is not in it"
        raise ChainBroken(
            f"The chain of seals can't be continued: the checkpoint in CHARTERO_CHECKPOINT_FILE {what}. Run "
            "verify_records. If a backup was restored, keep the file elsewhere, and move it away."
        )


def publish() -> None:
    """Write the last seal into the log and the file."""
    head = Seal.objects.newest()
    if head is None:
        return
    # In the log, a longer run of letters and digits would be redacted, as a key.
    logger.info("checkpoint", extra={"seal": head.number, "digest": "-".join(wrap(head.digest().hex(), 16))})
    if settings.CHECKPOINT_FILE:
        draft = Path(f"{settings.CHECKPOINT_FILE}.{os.getpid()}.draft")
        draft.write_text(Checkpoint.of(head).text(), encoding="utf-8")
        draft.replace(settings.CHECKPOINT_FILE)


def _kept() -> Checkpoint | None:
    """Return the checkpoint in the file, None if there is no file yet."""
    path = settings.CHECKPOINT_FILE and Path(settings.CHECKPOINT_FILE)
    if not path or not path.exists():
        return None
    try:
        return Checkpoint.read(path.read_text(encoding="utf-8"))
    except (InvalidCheckpoint, UnicodeError):
        raise ChainBroken("The file of CHARTERO_CHECKPOINT_FILE is not a checkpoint. Move it away.") from None
