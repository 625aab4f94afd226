"""Where a command writes a long report: standard output, or a file that only its owner reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError


@contextmanager
def destination(path: str | None, standard_output: Any) -> Iterator[Any]:
    """Yield what to write to. A file is replaced at the end, whole; a failure leaves the old one as it was."""
    if path is None:
        yield standard_output
        return
    draft = Path(f"{path}.{os.getpid()}.draft")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            yield file
        draft.replace(path)
    except OSError as fault:
        raise CommandError(f"The file cannot be written: {fault.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)
