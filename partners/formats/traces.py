"""Where a fault arose. Its message is left out, because it may quote a row, a query or a token."""

from pathlib import Path
from traceback import FrameSummary, extract_tb

FRAMES = 20
_PROJECT = Path(__file__).resolve().parents[2]


def kind(fault: BaseException) -> str:
    """Return the types of a fault and its causes, the fault first: `OperationalError from QueryCanceled`."""
    kinds = [type(fault).__qualname__]
    while (behind := fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)) is not None:
        kinds.append(type(behind).__qualname__)
        fault = behind
    return " from ".join(kinds)


def place(fault: BaseException, frames: int = FRAMES) -> list[str]:
    """Return the last calls of the traceback, the one that raised last: `encounters/api/views.py:28 list`."""
    return [_frame(each) for each in extract_tb(fault.__traceback__, limit=-frames)]


def _frame(frame: FrameSummary) -> str:
    return f"{_short(frame.filename)}:{frame.lineno} {frame.name}"


def _short(filename: str) -> str:
    """Return a path that is the same on every machine: within the project or a package, else only the file's name."""
    _, installed, within = filename.rpartition("/site-packages/")
    if installed:
        return within
    path = Path(filename)
    return str(path.relative_to(_PROJECT)) if path.is_relative_to(_PROJECT) else path.name
