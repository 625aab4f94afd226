"""Where a command writes what is long or secret: standard output, or a file of mode 0600."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any

from django.core.management.base import CommandError


@contextmanager
def destination(path: str | None, standard_output: Any, *, new: bool = False) -> Iterator[Any]:
    """Yield what to write to. A file is there at the end, whole; a failure leaves what was there before.

    A `new` one replaces none: CommandError before anything is yielded.
    """
    if path is None:
        yield standard_output
        return
    try:
        with new_file(path) if new else nullcontext(), _in_place_of(path) as file:
            yield file
    except FileExistsError:
        raise CommandError(f"{path} is there already, and was left as it is. Name a new file.") from None
    except OSError as fault:
        raise CommandError(f"The file cannot be written: {fault.strerror}.") from None


@contextmanager
def _in_place_of(path: str) -> Iterator[IO[str]]:
    """Yield a draft that takes the place of the file at the end."""
    draft = f"{path}.{os.getpid()}.draft"
    try:
        with new_file(draft) as file:
            yield file
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def new_file(path: str) -> Iterator[IO[str]]:
    """Yield a new file; a failure leaves none behind. FileExistsError where there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
