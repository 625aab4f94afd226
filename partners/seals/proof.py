"""Seals and their rows as files, which anybody can verify without the database and without our code.

`seals.jsonl` has every seal from the first of the range to the last of the chain; those of the range have their rows'
ids, times and digests. `rows.jsonl` has the rows in their canonical form. `about.json` says what the columns are.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from partners.keys import seal_keys
from partners.models import Seal
from partners.seals.canonical import rows
from partners.seals.canonical.tables import SealedTable
from partners.seals.checkpoints import Checkpoint

FILES = ("seals.jsonl", "rows.jsonl", "about.json")


class Range:
    """The seals of one table that have the rows written in a period: from before its start until after its end."""

    def __init__(self, table: SealedTable, since: datetime, until: datetime) -> None:
        self.table = table
        seals = Seal.objects.defer("rows").filter(table=table.name, sealed_at__gte=since).order_by("number")
        after = seals.filter(sealed_at__gte=until).first()
        self.first = seals.first()
        self.last = after or seals.last()

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the seals."""
        if self.first and self.last:
            found = Seal.objects.filter(table=self.table.name, number__range=(self.first.number, self.last.number))
            yield from found.order_by("number").values_list("number", flat=True)


def write(chosen: Range, folder: Path) -> dict[str, int]:
    """Write the files into an empty folder, and return how many seals and rows they have."""
    numbers, table = set(chosen.numbers()), chosen.table
    written = {"seals": 0, "rows": 0}
    with (folder / "seals.jsonl").open("x") as seals, (folder / "rows.jsonl").open("x") as found:
        for number in _chain(chosen):
            seal = Seal.objects.get(number=number)
            print(json.dumps(_seal(seal, with_rows=number in numbers)), file=seals)
            written["seals"] += 1
            for row in rows.read(table, seal.form, seal.first_id - 1, seal.last_id) if number in numbers else ():
                print(json.dumps({"seal": number, "texts": row.texts}), file=found)
                written["rows"] += 1
    (folder / "about.json").write_text(json.dumps(_about(table), indent=1) + "\n")
    return written


def _chain(chosen: Range) -> Iterator[int]:
    if chosen.first:
        after = Seal.objects.filter(number__gte=chosen.first.number).order_by("number")
        yield from after.values_list("number", flat=True)


def _seal(seal: Seal, *, with_rows: bool) -> dict[str, Any]:
    packed = [[row.id, row.moment, row.digest.hex()] for row in seal.sealed_rows()] if with_rows else None
    return Checkpoint.of(seal).facts() | {"rows": packed}


def _about(table: SealedTable) -> dict[str, Any]:
    forms = {str(number): [column.name for column in form] for number, form in enumerate(table.forms, 1)}
    keys = {str(number): seal_keys.written(key) for number, key in seal_keys.public().items()}
    return {"table": table.name, "columns": forms, "public_keys": keys}
