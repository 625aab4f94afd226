"""Rows as CSV for spreadsheets: RFC 4180, with no cell that one of them would run as a formula.

Some take another separator than the comma, as Excel does in half of Europe. They split a cell in the middle, quotes or
not, so that what follows a separator in it must not begin a formula either.
"""

import csv
import re
from collections.abc import Iterable, Iterator

# The start of the cell, or what another program may take for one; blanks and quotes; then what begins a formula.
_FORMULA = re.compile(r"""(^|[;|\t\r\n])(?=[ "]*[=+\-@＝＋－＠\t\r])""")


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
    return _FORMULA.sub(r"\1'", cell)
