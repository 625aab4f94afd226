"""Rows as CSV for spreadsheets: RFC 4180, with no cell that a spreadsheet would run as a formula.

Some use another separator than the comma, as Excel does in half of Europe. They split a cell in the middle, even in
quotes, so what follows such a separator must not begin a formula either.
"""

import csv
import re
from collections.abc import Iterable, Iterator

# The start of the cell, or what a program may take for it; then whitespace and quotes; then what begins a formula.
_FORMULA = re.compile(r"""(^|[;|\t\r\n])(?=[ "]*[=+\-@＝＋－＠\t\r])""")


class _Echo:
    """A file whose `write()` returns the line, so that the CSV is never held as a whole."""

    def write(self, line: str) -> str:
        return line


def lines(header: Iterable[str], rows: Iterable[Iterable[str | None]]) -> Iterator[str]:
    """Yield the header and then each row as a line with CRLF."""
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([harmless(cell or "") for cell in row])


def harmless(cell: str) -> str:
    """Return a cell that stays text: an apostrophe precedes what would begin a formula (CWE-1236)."""
    return _FORMULA.sub(r"\1'", cell)
