"""The reads of the API, in SQL that means the same on both databases: a page with its total, one encounter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from encounters.serializers import DocumentSummarySerializer, EncounterSerializer, PatientSerializer
from partners.disclosure import Disclosure

# A patient or an organization that does not fit the encounter is never joined to it: the last guard between partners.
_JOINED = """\
LEFT JOIN partners_organization AS organization ON organization.id = encounter.organization_id
LEFT JOIN encounters_patient AS patient ON patient.id = encounter.patient_id
    AND patient.organization_id = encounter.organization_id AND patient.withdrawn_at IS NULL"""

# The partial index `encounter_page` serves this condition on either database, so it is spelled as the index is.
_SERVED = "encounter.organization_id = %s AND encounter.record_class = 'clinical' AND encounter.withdrawn_at IS NULL"

# Page and total come from one statement, hence from one snapshot; an empty page still has its total.
_PAGE = """
SELECT total.matches, encounter.id, patient.id, {columns}
FROM (SELECT count(*) AS matches FROM encounters_encounter AS encounter WHERE {matching}) AS total
LEFT JOIN (
    SELECT encounter.id FROM encounters_encounter AS encounter WHERE {matching}
    ORDER BY encounter.created_at {direction}, encounter.public_id {direction} LIMIT %s OFFSET %s
) AS page ON TRUE
LEFT JOIN encounters_encounter AS encounter ON encounter.id = page.id
{joined}
ORDER BY encounter.created_at {direction}, encounter.public_id {direction}
"""

_ENCOUNTER = """
SELECT encounter.organization_id, encounter.record_class, encounter.id, patient.id, {columns}
FROM encounters_encounter AS encounter
{joined}
WHERE encounter.public_id = %s AND encounter.withdrawn_at IS NULL
"""

_DOCUMENTS = """
SELECT document.encounter_id, {columns} FROM encounters_document AS document
WHERE document.encounter_id IN ({pks}) AND document.withdrawn_at IS NULL
ORDER BY document.created_at, document.public_id
"""

_ENCOUNTER_KEYS = EncounterSerializer.keys()
_PATIENT_KEYS = PatientSerializer.keys()
_DOCUMENT_KEYS = DocumentSummarySerializer.keys()


@dataclass(frozen=True, slots=True)
class StoredEncounter:
    """One encounter as read: whose it is, what kind of record, and its row."""

    organization_pk: int
    record_class: str
    row: Sequence[Any]

    def item(self) -> dict[str, Any]:
        """Return it as it is served; reads its documents."""
        return _items([self.row])[0]

    def disclosure(self) -> Disclosure:
        """Return whose data `item()` holds."""
        return _disclosure([self.row])


def page(
    organization_pk: int,
    *,
    limit: int,
    offset: int,
    sort_order: str,
    start_at: datetime | None,
    end_at: datetime | None,
) -> tuple[dict[str, Any], Disclosure]:
    """Return the page of an organization's encounters with the number of all that match, and whose data it holds."""
    bounds = [("start", start_at), ("end", end_at)]
    given = tuple(name for name, instant in bounds if instant is not None)
    matching = [organization_pk, *(connection.ops.adapt_datetimefield_value(at) for _, at in bounds if at is not None)]
    rows = _fetch(_page_sql(connection.vendor, sort_order, given), [*matching, *matching, limit, offset])
    found = [row[1:] for row in rows if row[1] is not None]
    return {"items": _items(found), "limit": limit, "offset": offset, "total": rows[0][0]}, _disclosure(found)


def find(encounter_id: str) -> StoredEncounter | None:
    """Return the encounter of any organization that has this id, or None."""
    rows = _fetch(_encounter_sql(connection.vendor), [encounter_id])
    return StoredEncounter(rows[0][0], rows[0][1], rows[0][2:]) if rows else None


def _items(rows: list[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return encounters as they are served; a row is encounter's pk, patient's pk, encounter, patient."""
    documents = _documents([row[0] for row in rows])
    patient_at = 2 + len(_ENCOUNTER_KEYS)
    return [
        dict(zip(_ENCOUNTER_KEYS, row[2:patient_at], strict=True))
        | {
            "patient": None if row[1] is None else dict(zip(_PATIENT_KEYS, row[patient_at:], strict=True)),
            "documents": documents[row[0]],
        }
        for row in rows
    ]


def _disclosure(rows: list[Sequence[Any]]) -> Disclosure:
    return Disclosure([row[0] for row in rows], sorted({row[1] for row in rows if row[1] is not None}))


def _documents(pks: list[int]) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {pk: [] for pk in pks}
    if pks:
        for pk, *row in _fetch(_documents_sql(connection.vendor, len(pks)), pks):
            grouped[pk].append(dict(zip(_DOCUMENT_KEYS, row, strict=True)))
    return grouped


def _fetch(sql: str, parameters: Iterable[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return list(cursor.fetchall())


@cache
def _page_sql(vendor: str, sort_order: str, bounds: tuple[str, ...]) -> str:
    conditions = {"start": "encounter.created_at >= %s", "end": "encounter.created_at < %s"}
    return _PAGE.format(
        columns=_columns(vendor),
        joined=_JOINED,
        matching=" AND ".join([_SERVED, *(conditions[bound] for bound in bounds)]),
        direction={"asc": "ASC", "desc": "DESC"}[sort_order],
    )


@cache
def _encounter_sql(vendor: str) -> str:
    return _ENCOUNTER.format(columns=_columns(vendor), joined=_JOINED)


@cache
def _documents_sql(vendor: str, count: int) -> str:
    columns = DocumentSummarySerializer.columns("document", vendor)
    return _DOCUMENTS.format(columns=columns, pks=", ".join(["%s"] * count))


def _columns(vendor: str) -> str:
    return f"{EncounterSerializer.columns('encounter', vendor)}, {PatientSerializer.columns('patient', vendor)}"
