"""Seals and their rows as files, which anybody can verify without the database and without our code.

`seals.jsonl` has every seal from the first of the range to the last of the chain; those of the range have their rows'
ids, times and digests. `rows.jsonl` has the rows in their canonical form. `about.json` says what the columns are.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from partners.keys import seal_keys
from partners.models import Seal
from partners.models.seal import FULL
from partners.seals.canonical import rows
from partners.seals.canonical.rows import Row
from partners.seals.canonical.tables import COUNTS, SealedTable
from partners.seals.checkpoints import Checkpoint

FILES = ("seals.jsonl", "rows.jsonl", "about.json")
PAGE = 1_000  # seals that are read at once


class Range:
    """The seals of one table that have the rows written in a period.

    The last is one after the period that left no row to the next, as full ones do. A count may be written a day after
    its minute, so the seals of counts go on for as long.
    """

    def __init__(self, table: SealedTable, since: datetime, until: datetime) -> None:
        self.table = table
        seals = Seal.objects.defer("rows").filter(table=table.name, sealed_at__gte=since).order_by("number")
        written = until + (table.apart if table is COUNTS else timedelta(0))
        after = seals.filter(sealed_at__gte=written, count__lt=FULL).first()
        self.first = seals.first()
        self.last = after or seals.last()

    def __contains__(self, seal: Seal) -> bool:
        return self.last is not None and seal.number <= self.last.number and seal.table == self.table.name

    def chain(self) -> Iterator[Seal]:
        """Yield the seals from the first of the range to the last of the chain, of any table, without their rows."""
        start = self.first and self.first.number
        seals = Seal.objects.defer("rows").order_by("number")
        while start and (page := list(seals.filter(number__gte=start)[:PAGE])):
            yield from page
            start = page[-1].number + 1


def write(chosen: Range, folder: Path) -> dict[str, int]:
    """Write the files into an empty folder, and return how many seals and rows they have."""
    written = {"seals": 0, "rows": 0}
    with (folder / "seals.jsonl").open("x") as seals, (folder / "rows.jsonl").open("x") as found:
        for seal in chosen.chain():
            print(json.dumps(_seal(seal, with_rows=seal in chosen)), file=seals)
            written["seals"] += 1
            for row in _rows(seal, chosen):
                print(json.dumps({"seal": seal.number, "texts": row.texts}), file=found)
                written["rows"] += 1
    (folder / "about.json").write_text(json.dumps(_about(chosen.table), indent=1) + "\n")
    return written


def _rows(seal: Seal, chosen: Range) -> Iterator[Row]:
    return rows.read(chosen.table, seal.form, seal.first_id - 1, seal.last_id) if seal in chosen else iter(())


def _seal(seal: Seal, *, with_rows: bool) -> dict[str, Any]:
    packed = [[row.id, row.moment, row.digest.hex()] for row in seal.sealed_rows()] if with_rows else None
    return Checkpoint.of(seal).facts() | {"rows": packed}


def _about(table: SealedTable) -> dict[str, Any]:
    forms = {str(number): [column.name for column in form] for number, form in enumerate(table.forms, 1)}
    keys = {str(number): seal_keys.written(key) for number, key in seal_keys.public().items()}
    return {"table": table.name, "columns": forms, "public_keys": keys}
