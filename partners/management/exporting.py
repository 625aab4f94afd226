"""An export of the record that goes on where the last one ended: its cursor, and the files it writes."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson
from django.core.exceptions import ValidationError

from partners.audit.formats import FORMATS, Format
from partners.audit.reading import CALLS, CHANGES, START, Part, Place
from partners.management.files import destination

PARTS = (CALLS, CHANGES)
BATCHES = 100  # in a file


@dataclass(frozen=True, slots=True)
class Cursor:
    """What was exported in one format: the last row of each part of the record. Kept in a file."""

    form: str
    calls: Place = START
    changes: Place = START

    def __str__(self) -> str:
        return f"{self.calls.pk}:{self.changes.pk}"

    @classmethod
    def kept(cls, path: Path, form: str) -> "Cursor | None":
        """Return the cursor in the file, or None if there is no file. Raise ValidationError if it can't be used."""
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
            kept = cls(facts["format"], **{part.name: _place(facts, part) for part in PARTS})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError):
            raise ValidationError(f"{path} is no state of an export.", code="invalid_state") from None
        if kept.form != form:
            raise ValidationError(f"{path} belongs to an export with --format {kept.form}.", code="other_format")
        return kept

    def keep(self, path: Path) -> None:
        facts: dict[str, Any] = {"format": self.form}
        for part in PARTS:
            place = self.of(part)
            facts |= {part.name: place.pk, f"{part.name}_at": place.at and place.at.isoformat()}
        with destination(str(path), None) as file:
            json.dump(facts, file)

    def of(self, part: Part) -> Place:
        place: Place = getattr(self, part.name)
        return place

    def moved(self, part: Part, reached: Place) -> "Cursor":
        """Return the cursor after rows of one part up to this one."""
        places = {each.name: self.of(each) for each in PARTS} | {part.name: reached}
        return Cursor(self.form, **places)

    def require(self) -> None:
        """Raise ValidationError if the record is not the one that was exported, with what is wrong with each part."""
        faults = [fault for part in PARTS if (fault := part.fault(self.of(part)))]
        if faults:
            raise ValidationError(faults)


def _place(facts: dict[str, Any], part: Part) -> Place:
    """Return the place that a file names. Its moment is not known if the id came from `--after`."""
    at = facts.get(f"{part.name}_at")
    return Place(int(facts[part.name]), None if at is None else datetime.fromisoformat(at))


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
            while self.cursor.of(part).pk < last.pk:
                self._write(part, last)

    def _write(self, part: Part, last: Place) -> None:
        after = self.cursor.of(part)
        path = self.folder / f"{part.name}-{after.pk:012}.{self.format.suffix}"
        with destination(str(path), None) as file:
            reached = self._fill(file, part, after, last)
        self.files += 1
        self.cursor = self.cursor.moved(part, reached)
        self.cursor.keep(self.state)

    def _fill(self, file: IO[Any], part: Part, after: Place, last: Place) -> Place:
        """Write the next rows, and return the one that was reached."""
        read = 0
        for rows in islice(part.batches(after.pk, last.pk), BATCHES):
            for written in self.format.objects[part](rows):
                file.write(orjson.dumps(written, option=orjson.OPT_APPEND_NEWLINE).decode())
            self.rows[part.name] += len(rows)
            read, after = read + 1, Place(rows[-1].pk, rows[-1].occurred_at)
        return after if read == BATCHES else last
