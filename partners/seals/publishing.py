"""Let the last seal leave the database as a checkpoint: into the log, and into a file where one is named.

A file that the chain doesn't contain is evidence. It is never replaced, and nothing is sealed until somebody has moved
it away: whoever cuts the chain or restores a backup would otherwise have it confirmed within a minute.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap

from django.conf import settings

from partners.formats import files
from partners.models import Seal
from partners.seals.chain import is_whole
from partners.seals.checkpoints import Checkpoint, InvalidCheckpoint
from partners.seals.faults import Kind

logger = logging.getLogger(__name__)


class PublishingFault(Exception):
    """Sealing or its checkpoint failed. The message says why and what to do."""


class ChainBroken(PublishingFault):
    """The chain can't be continued."""


class FileUnavailable(PublishingFault):
    """The file of the checkpoint can't be read or written."""


def require_continuity() -> None:
    """Raise ChainBroken if the last seal isn't sound, or the chain doesn't contain the checkpoint in the file."""
    number = Seal.objects.order_by("-number").values_list("number", flat=True).first()
    head = None if number is None else Seal.objects.readable(number)
    if number is not None and (head is None or not is_whole(head)):
        raise ChainBroken("The chain of seals can't be continued: its last seal was altered. Run verify_records.")
    in_file = kept()
    fault = in_file and in_file.fault()
    if fault:
        what = "is not signed with a key that is loaded" if fault.kind is Kind.CHECKPOINT_INVALID else "is not in it"
        raise ChainBroken(
            f"The chain of seals can't be continued: the checkpoint in CHARTERO_CHECKPOINT_FILE {what}. Run "
            "verify_records. If a backup was restored, keep the file elsewhere, and move it away."
        )


def log() -> None:
    """Write the last seal into the log."""
    if head := Seal.objects.newest():
        # In the log, a longer run of letters and digits would be redacted, as a key.
        logger.info("checkpoint", extra={"seal": head.number, "digest": "-".join(wrap(head.digest().hex(), 16))})


def keep() -> None:
    """Write the last seal into the file, unless there is none or the file has it. May raise FileUnavailable."""
    head, in_file = Seal.objects.newest(), kept()
    if not settings.CHECKPOINT_FILE or head is None or (in_file and in_file.number >= head.number):
        return
    with file_needed(), files.in_place_of(settings.CHECKPOINT_FILE, files.PUBLIC) as file:
        file.write(Checkpoint.of(head).text())


def kept() -> Checkpoint | None:
    """Return the checkpoint in the file, None if there is no file yet."""
    if not settings.CHECKPOINT_FILE:
        return None
    path = Path(settings.CHECKPOINT_FILE)
    try:
        with file_needed():
            return Checkpoint.read(path.read_text(encoding="utf-8")) if path.exists() else None
    except (InvalidCheckpoint, UnicodeError):
        raise ChainBroken("The file of CHARTERO_CHECKPOINT_FILE is not a checkpoint. Move it away.") from None


@contextmanager
def file_needed() -> Iterator[None]:
    """Turn an error of the file system into FileUnavailable."""
    try:
        yield
    except OSError as fault:
        raise FileUnavailable(
            f"The file of CHARTERO_CHECKPOINT_FILE can't be read or written: {fault.strerror}."
        ) from fault
