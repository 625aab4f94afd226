"""An export of the record that goes on where the last one ended: its cursor, and the files it writes."""

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from django.core.exceptions import ValidationError

from partners.audit.formats import FORMATS, Format
from partners.audit.reading import CALLS, CHANGES, Part
from partners.management.files import destination

PARTS = (CALLS, CHANGES)
BATCHES = 100  # in a file


@dataclass(frozen=True, slots=True)
class Cursor:
    """What was exported in one format: the last id of each part of the record. Kept in a file."""

    form: str
    calls: int = 0
    changes: int = 0

    def __str__(self) -> str:
        return f"{self.calls}:{self.changes}"

    @classmethod
    def kept(cls, path: Path, form: str) -> "Cursor | None":
        """Return the cursor in the file, or None if there is no file. Raise ValidationError if it can't be used."""
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            kept = cls(facts["format"], int(facts["calls"]), int(facts["changes"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            raise ValidationError(f"{path} is no state of an export.", code="invalid_state") from None
        if kept.form != form:
            raise ValidationError(f"{path} belongs to an export with --format {kept.form}.", code="other_format")
        return kept

    def keep(self, path: Path) -> None:
        with destination(str(path), None) as file:
            json.dump({"format": self.form, "calls": self.calls, "changes": self.changes}, file)

    def of(self, part: Part) -> int:
        return {CALLS.name: self.calls, CHANGES.name: self.changes}[part.name]

    def moved(self, part: Part, reached: int) -> "Cursor":
        """Return the cursor after rows of one part up to an id."""
        reached_by = {CALLS.name: self.calls, CHANGES.name: self.changes} | {part.name: reached}
        return Cursor(self.form, **reached_by)


@dataclass(slots=True)
class Export:
    """A run of an export into a folder. After each file, the state is kept.

    A file is named by where it begins. So what a run wrote that ended before it kept its state is written again under
    the same name, and begins with the same events.
    """

    folder: Path
    state: Path
    cursor: Cursor
    rows: Counter[str] = field(default_factory=Counter)
    files: int = 0

    @property
    def format(self) -> Format:
        return FORMATS[self.cursor.form]

    def run(self) -> None:
        """Write everything that was added to the record, and is certain to stay."""
        for part in PARTS:
            last = part.last(self.cursor.of(part))
            while self.cursor.of(part) < last:
                self._write(part, last)

    def _write(self, part: Part, last: int) -> None:
        after = self.cursor.of(part)
        path = self.folder / f"{part.name}-{after:012}.{self.format.suffix}"
        with destination(str(path), None) as file:
            reached = self._fill(file, part, after, last)
        self.files += 1
        self.cursor = self.cursor.moved(part, reached)
        self.cursor.keep(self.state)

    def _fill(self, file: IO[Any], part: Part, after: int, last: int) -> int:
        """Write the next rows, and return the id that was reached."""
        read = 0
        for rows in islice(part.batches(after, last), BATCHES):
            for written in self.format.objects[part](rows):
                file.write(orjson.dumps(written, option=orjson.OPT_APPEND_NEWLINE).decode())
            self.rows[part.name] += len(rows)
            read, after = read + 1, rows[-1].pk
        return after if read == BATCHES else last
