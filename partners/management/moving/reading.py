"""A CSV file as spreadsheets write it: with commas, semicolons or tabs, a byte order mark, blank rows and columns."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from partners import names
from partners.keys import in_text
from partners.management.moving.columns import REFUSAL_OF_TOKENS, TITLES, Column
from partners.management.moving.faults import Fault

SEPARATORS = ",;\t"
_DECLARED = "sep="  # Excel's own first line
_LINE = re.compile(r"[^\r\n]+")
_BLANK = f'{SEPARATORS}" '


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, and the text and the meaning of each cell that isn't blank."""

    line: int
    texts: dict[Column, str]
    values: dict[Column, Any]


def rows_in(path: str) -> tuple[list[Row], list[Fault]]:
    """Return the rows of a file and all that is wrong with their cells.

    Raise ValidationError if it can't be read as a table at all.
    """
    records = [*_records(_text(path))]
    if records and records[0][1][0].startswith(_DECLARED):
        del records[0]
    if len(records) < 2:
        raise ValidationError(f"The file has no rows. Its first row has the headings: {TITLES}.", code="no_rows")
    (line, headings), *rest = records
    columns, faults = _columns(line, headings)
    named = [bool(heading) for heading in headings]
    for line, cells in rest:
        if nameless := [cell for place, cell in enumerate(cells) if cell and not any(named[place : place + 1])]:
            message = "This cell has no heading above it. Does a cell with a separator in it lack its quotes?"
            faults.append(Fault(line, "", nameless[0], message))
    rows = [_row(line, cells, columns, faults) for line, cells in rest]
    return rows, faults


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise ValidationError(f"The file can't be read: {fault.strerror}.", code="unreadable") from None
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise ValidationError(
            f"Line {line} is not UTF-8. Save the file again as “CSV UTF-8”, as spreadsheets call it.", code="not_utf8"
        ) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that isn't blank, with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [names.tidy(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise ValidationError(
                f"The row that begins in line {line} can't be read as CSV. Check its quotes.", code="not_csv"
            ) from None
        if any(cells):
            yield line, cells


def _separator(text: str) -> str:
    """Return the separator that the first row declares, or else the one that is most often in the headings."""
    lines = (found[0] for found in _LINE.finditer(text) if found[0].strip(_BLANK))
    first = next(lines, "")
    if first.startswith(_DECLARED):
        declared = first[len(_DECLARED) :][:1]
        if declared in [*SEPARATORS]:
            return declared
        first = next(lines, "")
    return max(SEPARATORS, key=first.count)


def _columns(line: int, headings: list[str]) -> tuple[list[Column | None], list[Fault]]:
    columns, faults = [Column.titled(heading) for heading in headings], []
    for place, (heading, column) in enumerate(zip(headings, columns, strict=True)):
        if heading and column is None:
            message = f"There is no such column. Rename or remove it. The columns are: {TITLES}."
            message = REFUSAL_OF_TOKENS if in_text.holds_token(heading) else message
            faults.append(Fault(line, heading, heading, message))
        if column is not None and column in columns[:place]:
            faults.append(Fault(line, column.title, heading, "This column is there twice. Remove one."))
    if Column.ORGANIZATION not in columns:
        message = "This column is missing. Is the first row the one with the headings?"
        faults.append(Fault(line, Column.ORGANIZATION.title, "", message))
    return columns, faults


def _row(line: int, cells: list[str], columns: list[Column | None], faults: list[Fault]) -> Row:
    texts = {column: cell for column, cell in zip(columns, cells, strict=False) if column and cell}
    values = {}
    for column, text in texts.items():
        try:
            values[column] = column.read(text)
        except ValidationError as refusal:
            faults.append(Fault(line, column.title, text, " ".join(refusal.messages)))
    return Row(line, texts, values)
