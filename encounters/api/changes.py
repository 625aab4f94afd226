"""The query of `changes.list`, in SQL for both databases: changes after a cursor, and whether the cursor has expired.

It is a single statement, and so a single snapshot: no change can be deleted between the two questions. A change says
whether its encounter is served now, which the log alone can't: its order is that in which transactions began, so of two
that changed the same encounter, the last in the log may have been the first.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from encounters.api.cursors import Cursor
from encounters.api.filters import MOST_CHANGES
from encounters.api.serializers import ChangeSerializer
from encounters.changes.triggers import SETTLED
from encounters.totals.buckets import SERVED, each_of
from partners.api.disclosure import Disclosure
from partners.statements import Statement

# PostgreSQL plans this once for all values: the constant inner limit tells it that a page is short. One more change
# than the page has tells whether there are more. What must be true of an encounter is no condition of finding it, so
# that it is always found by its key.
_PAGE = """
SELECT coalesce(gone.era, 0), coalesce(gone.position, 0), coalesce(gone.encounter, 0),
    change.position, change.encounter, {columns}
FROM (SELECT 1 AS one) AS asked
LEFT JOIN encounters_changehorizon AS gone ON gone.organization_id = %s
LEFT JOIN (
    SELECT position, encounter, public_id, changed_at, CASE
        WHEN (
            SELECT now.organization_id = logged.organization_id AND {served}
            FROM encounters_encounter AS now WHERE now.id = logged.encounter
        ) IS NOT TRUE THEN 'withdrawn' WHEN change = 'withdrawn' THEN 'available' ELSE change END AS change
    FROM (SELECT * FROM (
        SELECT organization_id, position, encounter, public_id, change, changed_at FROM encounters_encounterchange
        WHERE organization_id = %s AND (position, encounter) > (%s, %s) AND {settled}
        ORDER BY position, encounter LIMIT {longest}
    ) AS longest ORDER BY position, encounter LIMIT %s) AS logged
) AS change ON TRUE
ORDER BY change.position, change.encounter
"""
_KEYS = ChangeSerializer.keys()


class _Place(NamedTuple):
    """A place in the log of an organization."""

    position: int
    encounter: int


class _Change(NamedTuple):
    """One row of the log: its place, and the values of its item."""

    place: _Place
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """The changes after a cursor, each encounter once with its latest change.

    `expired`: a change after the cursor may have been deleted, so the page could lack it.
    """

    changes: list[_Change]
    next_cursor: Cursor
    has_more: bool
    expired: bool

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        items = [dict(zip(_KEYS, change.values, strict=True)) for change in self.changes]
        return {"items": items, "next_cursor": str(self.next_cursor), "has_more": self.has_more}

    def disclosure(self) -> Disclosure:
        """Return what the body discloses: that encounters exist, and nothing about their patients."""
        return Disclosure([change.place.encounter for change in self.changes], [])


def page(organization_pk: int, *, limit: int, cursor: Cursor | None) -> ChangePage:
    """Return the next changes of an organization: after the cursor, or from the oldest that is kept."""
    after = _Place(0, 0) if cursor is None else _Place(cursor.position, cursor.encounter)
    rows = _statement(connection.vendor).rows(organization_pk, organization_pk, *after, limit + 1)
    era, *gone = rows[0][:3]
    lost = _Place(*gone)
    found = [_Change(_Place(*row[3:5]), tuple(row[5:])) for row in rows if row[3] is not None]
    shown = found[:limit]
    end = shown[-1].place if shown else max(after, lost)
    return ChangePage(
        changes=_latest(shown),
        next_cursor=Cursor(era, organization_pk, *end),
        has_more=len(found) > limit,
        expired=cursor is not None and (cursor.era != era or after < lost),
    )


def _latest(changes: list[_Change]) -> list[_Change]:
    """Return the last change of each encounter, in the order of the log."""
    last = {change.place.encounter: change for change in changes}
    return [change for change in changes if last[change.place.encounter] is change]


@cache
def _statement(vendor: str) -> Statement:
    columns = ChangeSerializer.columns("change", vendor)
    return Statement(
        _PAGE.format(columns=columns, settled=SETTLED[vendor], served=each_of("now", SERVED), longest=MOST_CHANGES + 1)
    )
