"""Recordings next to the files that refer to them: found in that folder, copied to the storage, and cleaned up.

The name of a recording is made from its organization, its document and its content. So a second run copies nothing, and
an incomplete copy is replaced.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files import File

from encounters.importing.job import Job
from encounters.recordings import storage as recordings

EXPECTED = f"the path of a recording in this file's folder, not empty: {', '.join(recordings.MEDIA_TYPES)}"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to copy, and its name in the storage."""

    path: Path
    name: str

    @classmethod
    def beside(cls, lines: Path, written: str, job: Job, document_id: str) -> "Recording | None":
        """Return the recording at a path given in the file `lines`; None if there is none."""
        folder = lines.resolve().parent
        try:
            path = (folder / written).resolve()
            is_recording = path.is_relative_to(folder) and path.suffix.lower() in recordings.MEDIA_TYPES
            return cls(path, _name(path, job, document_id)) if is_recording and path.stat().st_size else None
        except OSError:
            return None

    def keep(self) -> None:
        """Copy the file to the storage, unless it is already there."""
        storage = recordings.storage()
        with _told():
            if storage.exists(self.name):
                if storage.size(self.name) == self.path.stat().st_size:
                    return
                storage.delete(self.name)
            with self.path.open("rb") as file:
                storage.save(self.name, File(file))


def drop(names: Iterable[str]) -> None:
    """Delete recordings that no document refers to."""
    with _told():
        for name in names:
            recordings.storage().delete(name)


@contextmanager
def _told() -> Iterator[None]:
    """Turn any exception of the storage, which can be of any type, into an error that says what to do."""
    try:
        yield
    except Exception as fault:
        raise ValidationError(
            f"The storage for recordings failed ({recordings.cause(fault)}). Check its settings, then run the same "
            "command again to continue.",
            code="storage_failed",
        ) from fault


def _name(path: Path, job: Job, document_id: str) -> str:
    digest = hashlib.sha256(f"{job.source}\0{document_id}\0".encode())
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            digest.update(block)
    return f"{job.organization.public_id}/{digest.hexdigest()}{path.suffix.lower()}"
