"""One resource or deletion, ready for the database, and the batches they are written in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from encounters.importing.codes import Code
from encounters.importing.mapped import Mapped
from encounters.importing.report import Place


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that a reference means; the type is not told by a URN of an unknown resource.

    `server` is the only one that may have it; None if the id alone tells which it is.
    """

    type: str | None
    id: str
    server: str | None = None

    def is_at(self, server: str | None) -> bool:
        """Return True if the resource of this type and id at `server` is the one that is meant."""
        return self.server is None or self.server == server


BATCH_ROWS = 500
BATCH_WEIGHT = 4 * 1024 * 1024


@dataclass(slots=True)
class Row:
    """One resource, or one deletion, for the database; what it refers to is known by source ids.

    `server` is the one that it came from; None if the export does not tell.
    """

    place: Place
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
    """Yield the rows in batches: of one type, no id twice, and neither too many nor too much text."""
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
