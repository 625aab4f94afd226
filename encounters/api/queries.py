"""Queries of the encounter routes, in SQL for both databases: a page with its total, and one encounter.

Each is a single statement, and so a single snapshot. The database writes the JSON of each encounter, which is sent
unchanged.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db import DEFAULT_DB_ALIAS, connection

from encounters.api.dialects import DIALECTS
from encounters.api.filters import LONGEST_PAGE
from encounters.api.serializers import DocumentSummarySerializer, EncounterSerializer, PatientSerializer
from encounters.totals import sums
from encounters.totals.buckets import PRESENT, SERVED, each_of
from partners.api.disclosure import Disclosure
from partners.statements import Statement

# The last guard between partners: only the encounter's own organization and a patient of the same organization are
# joined.
_JOINED = """\
LEFT JOIN partners_organization AS organization ON organization.id = encounter.organization_id
LEFT JOIN encounters_patient AS patient ON patient.id = encounter.patient_id
    AND patient.organization_id = encounter.organization_id AND patient.withdrawn_at IS NULL"""

_DOCUMENTS = f"""
    FROM encounters_document AS document WHERE document.encounter_id = encounter.id AND {each_of("document", PRESENT)}
    ORDER BY document.created_at, document.public_id"""

# Staff can decide that an organization receives no names and no dates of birth.
_IDENTITY = {
    name: f"CASE WHEN organization.receives_names THEN patient.{name} END"
    for name in ("first_name", "last_name", "date_of_birth")
}

# An empty page still has its total. PostgreSQL plans this once for all values: the constant inner limit tells it that a
# page is short.
_PAGE = """
SELECT total.matches, encounter.id, patient.id, CAST({item} AS text)
FROM (SELECT {total} AS matches) AS total
LEFT JOIN (SELECT id FROM (
    SELECT id, created_at, public_id FROM encounters_encounter AS encounter WHERE {matching}
    ORDER BY created_at {direction}, public_id {direction} LIMIT {longest}{skip}
) AS longest ORDER BY created_at {direction}, public_id {direction} LIMIT %s) AS page ON TRUE
LEFT JOIN encounters_encounter AS encounter ON encounter.id = page.id
{joined}
ORDER BY encounter.created_at {direction}, encounter.public_id {direction}
"""

_ENCOUNTER = """
SELECT encounter.organization_id, encounter.record_class, encounter.id, patient.id, CAST({item} AS text)
FROM encounters_encounter AS encounter
{joined}
WHERE encounter.public_id = %s AND {present}
"""


class _Item(NamedTuple):
    """The JSON of one encounter, and the keys of the encounter and its patient."""

    pk: int
    patient_pk: int | None
    json: str


@dataclass(frozen=True, slots=True)
class StoredEncounter:
    """One encounter from the database: its organization, its record class, and its JSON."""

    organization_pk: int
    record_class: str
    item: orjson.Fragment
    disclosure: Disclosure


def page(
    organization_pk: int,
    *,
    limit: int,
    offset: int,
    sort_order: str,
    start_at: datetime | None,
    end_at: datetime | None,
    using: str = DEFAULT_DB_ALIAS,
) -> tuple[dict[str, Any], Disclosure]:
    """Return a page of an organization's encounters with the total number of matches, and whose data it contains."""
    bounds = {name: at for name, at in (("start", start_at), ("end", end_at)) if at is not None}
    statement = _page(connection.vendor, sort_order, tuple(bounds), skips=offset > 0)
    counted = sums.parameters(organization_pk, start_at, end_at)
    given = (organization_pk, *bounds.values(), *([offset] if offset else []), limit)
    rows = statement.rows(*counted, *given, using=using)
    found = [_Item(*row) for _, *row in rows if row[0] is not None]
    items = [orjson.Fragment(each.json) for each in found]
    return {"items": items, "limit": limit, "offset": offset, "total": rows[0][0]}, _disclosure(found)


def find_encounter(encounter_id: str, using: str = DEFAULT_DB_ALIAS) -> StoredEncounter | None:
    """Return the encounter with this id, of any organization, or None."""
    rows = _encounter(connection.vendor).rows(encounter_id, using=using)
    if not rows:
        return None
    organization_pk, record_class, *row = rows[0]
    found = _Item(*row)
    return StoredEncounter(organization_pk, record_class, orjson.Fragment(found.json), _disclosure([found]))


def _disclosure(items: list[_Item]) -> Disclosure:
    return Disclosure(
        [each.pk for each in items], sorted({each.patient_pk for each in items if each.patient_pk is not None})
    )


@cache
def _page(vendor: str, sort_order: str, bounds: tuple[str, ...], *, skips: bool) -> Statement:
    conditions = {"start": "encounter.created_at >= %s", "end": "encounter.created_at < %s"}
    return Statement(
        _PAGE.format(
            total=sums.sql(bounds),
            item=_item(vendor),
            joined=_JOINED,
            matching=" AND ".join(["encounter.organization_id = %s", SERVED, *(conditions[bound] for bound in bounds)]),
            direction={"asc": "ASC", "desc": "DESC"}[sort_order],
            longest=LONGEST_PAGE,
            skip=" OFFSET %s" if skips else "",
        )
    )


@cache
def _encounter(vendor: str) -> Statement:
    present = each_of("encounter", PRESENT)
    return Statement(_ENCOUNTER.format(item=_item(vendor), joined=_JOINED, present=present))


def _item(vendor: str) -> str:
    dialect = DIALECTS[vendor]
    patient = PatientSerializer.json("patient", vendor, **_IDENTITY)
    document = DocumentSummarySerializer.json("document", vendor)
    return EncounterSerializer.json(
        "encounter",
        vendor,
        patient=dialect.json_or_null("patient.id IS NOT NULL", patient),
        documents=dialect.json_array(document, _DOCUMENTS),
    )
