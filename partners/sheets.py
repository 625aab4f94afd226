"""Rows as CSV for spreadsheets: RFC 4180, with no cell that one of them would run as a formula."""

import csv
from collections.abc import Iterable, Iterator

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def lines(header: Iterable[str], rows: Iterable[Iterable[str | None]]) -> Iterator[str]:
    """Yield each line with its CRLF, the header first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([harmless(cell or "") for cell in row])


def harmless(cell: str) -> str:
    """Return a cell that stays text: with an apostrophe before what would begin a formula (CWE-1236)."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULAS) else cell
