"""Recordings beside the lines that name them: found below their folder, copied to the storage, and none left behind.

A recording is named by whose it is, by its document and by its content. So a second run copies nothing, and a copy
that was broken off is made anew.
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

EXPECTED = f"the path of a recording below this file's folder, not empty: {', '.join(recordings.MEDIA_TYPES)}"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to keep, and its name in the storage."""

    path: Path
    name: str

    @classmethod
    def beside(cls, lines: Path, written: str, job: Job, document_id: str) -> "Recording | None":
        """Return what a path written in the file `lines` means; None where no recording is there."""
        folder = lines.resolve().parent
        try:
            path = (folder / written).resolve()
            is_recording = path.is_relative_to(folder) and path.suffix.lower() in recordings.MEDIA_TYPES
            return cls(path, _name(path, job, document_id)) if is_recording and path.stat().st_size else None
        except OSError:
            return None

    def keep(self) -> None:
        """Copy the file to the storage, unless it is there."""
        storage = recordings.storage()
        with _told():
            if storage.exists(self.name):
                if storage.size(self.name) == self.path.stat().st_size:
                    return
                storage.delete(self.name)
            with self.path.open("rb") as file:
                storage.save(self.name, File(file))


def drop(names: Iterable[str]) -> None:
    """Delete recordings that no document has any more, or has ever had."""
    with _told():
        for name in names:
            recordings.storage().delete(name)


@contextmanager
def _told() -> Iterator[None]:
    """Say what to do where the storage fails, as each does with exceptions of its own."""
    try:
        yield
    except Exception as fault:
        raise ValidationError(
            f"The storage of recordings failed ({type(fault).__name__}). Check CHARTERO_RECORDINGS_STORAGE and run the "
            "same command again: it goes on from there.",
            code="storage_failed",
        ) from fault


def _name(path: Path, job: Job, document_id: str) -> str:
    digest = hashlib.sha256(f"{job.source}\0{document_id}\0".encode())
    with path.open("rb") as file:
        while block := file.read(1024 * 1024):
            digest.update(block)
    return f"{job.organization.public_id}/{digest.hexdigest()}{path.suffix.lower()}"
