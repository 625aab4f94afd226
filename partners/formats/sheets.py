"""Rows as CSV for spreadsheets: RFC 4180, with no cell that a spreadsheet would run as a formula.

Some use another separator than the comma, as Excel does in half of Europe. They split a cell in the middle, even in
quotes, so what follows such a separator must not begin a formula either.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from partners.formats import escapes

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


def of_facts(header: Iterable[str], facts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the header and a line for each mapping, whose values follow the header's order."""
    return lines(header, (map(_text, each.values()) for each in facts))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = " ".join(value) if isinstance(value, list) else str("" if value is None else value)
    return text if text.isprintable() else escapes.escaped(text)


def harmless(cell: str) -> str:
    """Return a cell that stays text: an apostrophe precedes what would begin a formula (CWE-1236)."""
    return _FORMULA.sub(r"\1'", cell)
