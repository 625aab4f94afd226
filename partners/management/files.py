"""Where a command reads and writes long or secret texts: standard input and output, or a file with mode 0600."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TextIO

from django.core.management.base import CommandError

from partners.formats.files import in_place_of, new_file


@contextmanager
def destination(path: str | None, standard_output: Any, *, new: bool = False) -> Iterator[Any]:
    """Yield a stream to write to. A file appears only once it is complete; on failure, the old file is kept.

    With `new`, an existing file is never replaced: CommandError is raised before anything is yielded.
    """
    if path is None:
        yield standard_output
        return
    try:
        with new_file(path) if new else nullcontext(), in_place_of(path) as file:
            yield file
    except FileExistsError:
        raise CommandError(f"{path} already exists and was not changed. Choose a new file name.") from None
    except OSError as fault:
        raise CommandError(f"The file can't be written: {fault.strerror}.") from None


def standard_input() -> TextIO:
    """Return what is piped in. Raise CommandError if standard input is closed."""
    if sys.stdin is None:
        raise CommandError("Standard input is closed. Pipe the text in.")
    return sys.stdin
