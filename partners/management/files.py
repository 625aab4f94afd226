"""Where a command writes long or secret output: standard output, or a file with mode 0600."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError


@contextmanager
def destination(path: str | None, standard_output: Any, *, new: bool = False) -> Iterator[Any]:
    """Yield a stream to write to. A file appears only once it is complete; on failure, the old file is kept.

    With `new`, an existing file is never replaced: CommandError is raised before anything is yielded.
    """
    if path is None:
        yield standard_output
        return
    try:
        with new_file(path) if new else nullcontext(), _in_place_of(path) as file:
            yield file
    except FileExistsError:
        raise CommandError(f"{path} already exists and was not changed. Choose a new file name.") from None
    except OSError as fault:
        raise CommandError(f"The file can't be written: {fault.strerror}.") from None


@contextmanager
def _in_place_of(path: str) -> Iterator[IO[str]]:
    """Yield a draft that replaces the file when the block ends, and is on disk before it does."""
    draft = f"{path}.{os.getpid()}.draft"
    try:
        with new_file(draft) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def new_file(path: str) -> Iterator[IO[str]]:
    """Yield a new file, and delete it on failure. Raise FileExistsError if the file exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
