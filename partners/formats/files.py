"""Files that are whole or not there: a reader never finds half of one, and a failure leaves the old one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SECRET, PUBLIC = 0o600, 0o644  # modes


@contextmanager
def in_place_of(path: str, mode: int = SECRET) -> Iterator[IO[str]]:
    """Yield a draft that replaces the file when the block ends, and is on disk before it does."""
    draft = f"{path}.{os.getpid()}.draft"
    Path(draft).unlink(missing_ok=True)  # left by a process that was killed; in a container it had the same number
    try:
        with new_file(draft, mode) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


@contextmanager
def new_file(path: str, mode: int = SECRET) -> Iterator[IO[str]]:
    """Yield a new file, and delete it on failure. Raise FileExistsError if the file exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)  # the umask may be stricter, as that of systemd's units
            yield file
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
