"""Resources and deletions ready for the database, and the batches in which they are written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from encounters.importing.codes import Code
from encounters.importing.mapped import Mapped
from encounters.importing.report import FilePlace


class Target(NamedTuple):
    """The resource that a reference points to. The type is None for a URN of an unknown resource.

    If `server` is set, only the resource on this server is meant. It is None if the id alone is enough.
    """

    type: str | None
    id: str
    server: str | None = None

    def is_at(self, server: str | None) -> bool:
        """Return True if the resource with this type and id on `server` is the one that is meant."""
        return self.server is None or self.server == server


BATCH_ROWS = 500
BATCH_WEIGHT = 4 * 1024 * 1024


@dataclass(slots=True)
class Row:
    """One resource or one deletion for the database. It refers to other resources by their source ids.

    `server` is the server that it came from; None if the export does not say.
    """

    place: FilePlace
    type: str
    id: str
    mapped: Mapped
    deletion: bool = False
    weight: int = 0
    server: str | None = None
    patient: Target | None = None
    encounters: list[Target] = field(default_factory=list)
    replaces: list[Target] = field(default_factory=list)
    refusal: Code | None = None


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in batches. A batch has one type, no id twice, and a limited number of rows and bytes."""
    batch: list[Row] = []
    ids: set[str] = set()
    weight = 0
    for row in rows:
        full = len(batch) >= BATCH_ROWS or weight + row.weight > BATCH_WEIGHT
        if batch and (full or row.id in ids or row.type != batch[0].type):
            yield batch
            batch, ids, weight = [], set(), 0
        batch.append(row)
        ids.add(row.id)
        weight += row.weight
    if batch:
        yield batch
