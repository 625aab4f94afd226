"""What keys read in a period, from the ledger: whose data were in the answers, and to which networks they went."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, QuerySet

from partners.accounting.periods import Period
from partners.decision.address import network
from partners.models import ApiKey
from partners.models.change import Action, Change, ChangeEvent
from partners.record import subjects
from partners.record.subjects import Subject

CHUNK = 1_000
PATIENT, ENCOUNTER, DOCUMENT, NETWORK = KINDS = ("patient", "encounter", "document", "network")
CALLS = "calls"
_NO_LIMIT = 2**62
_ROOM = "SELECT set_config('work_mem', '32MB', true), set_config('effective_io_concurrency', '0', true)"
_SPAN = {"calls": Count("pk"), "first": Min("occurred_at"), "last": Max("occurred_at")}
SERVED = Q(status=200, count__gt=0)  # the answers with data
_SUBJECTS = {PATIENT: Subject.PATIENT, ENCOUNTER: Subject.ENCOUNTER, DOCUMENT: Subject.DOCUMENT}
_LISTS = {PATIENT: "patients", ENCOUNTER: "encounters"}
_ELEMENT = {"postgresql": "unnest(read.pks)", "sqlite": "e.value"}
_ELEMENTS = {"postgresql": "", "sqlite": ", json_each(read.pks) AS e"}
_ROWS = """FROM partners_requestrecord AS r
    WHERE r.api_key_id IN ({keys}) AND r.occurred_at >= %s AND r.occurred_at < %s AND r.status = 200 AND r.count > 0"""
# All numbers come from one walk through the ledger, where the answers of a key lie far apart.
_COUNTED = """WITH answers AS MATERIALIZED (
    SELECT r.api_key_id AS key, r.occurred_at, r.address, r.document, r.patients, r.encounters {rows}
)
SELECT 'calls', key, COUNT(*), MIN(occurred_at), MAX(occurred_at), '' FROM answers GROUP BY key
UNION ALL SELECT 'network', key, COUNT(*), NULL, NULL, address FROM answers GROUP BY key, address
UNION ALL SELECT 'document', key, COUNT(DISTINCT document), NULL, NULL, '' FROM answers
    WHERE document IS NOT NULL GROUP BY key
UNION ALL {patients}
UNION ALL {encounters}"""
# A partner who asks again and again gets the same list for hours, so each different list is taken apart once.
_NUMBER = """SELECT '{kind}', key, COUNT(*), NULL, NULL, '' FROM (
    SELECT DISTINCT read.key, {element} AS pk
    FROM (SELECT DISTINCT key, {column} AS pks FROM answers) AS read{elements}
) AS found GROUP BY key"""
_EACH = """SELECT {element} AS pk, MIN(read.since) AS since, MAX(read.until), SUM(read.calls)
FROM (
    SELECT r.{column} AS pks, MIN(r.occurred_at) AS since, MAX(r.occurred_at) AS until, COUNT(*) AS calls {rows}
    GROUP BY r.{column}
) AS read{elements}
GROUP BY pk ORDER BY since, pk LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Read:
    """One patient, encounter, document or network. `id` is None if the row no longer exists."""

    kind: str
    id: str | None
    first: datetime
    last: datetime
    calls: int


@dataclass(frozen=True, slots=True)
class Reads:
    """How much a key read in a period, and when the first and the last call with data was."""

    key: ApiKey
    period: Period
    calls: int = 0
    first: datetime | None = None
    last: datetime | None = None
    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    @property
    def patients(self) -> int:
        return self.numbers[PATIENT]

    @property
    def encounters(self) -> int:
        return self.numbers[ENCOUNTER]

    @property
    def documents(self) -> int:
        return self.numbers[DOCUMENT]

    @property
    def networks(self) -> int:
        return self.numbers[NETWORK]

    @classmethod
    def ask(cls, change: Change, key: ApiKey, period: Period, *, form: str) -> "Reads":
        """Record who asks what a key read and why, then return it. `form` is "page", "CSV" and so on.

        Raise ValidationError without a reason.
        """
        change.require_reason()
        reads = of_keys([key], period)[key.pk]
        after = {"from": period.start.isoformat(), "to": period.end.isoformat(), **reads.numbers, "form": form}
        with transaction.atomic(durable=True):
            ChangeEvent.record(
                Action.DISCLOSURES_ACCOUNTED, change, organization=key.organization, api_key=key, after=after
            )
        return reads

    def each(self, kind: str, limit: int | None = None) -> Iterator[Read]:
        """Yield what was read of one kind, or the first `limit`, in the order in which it was first read."""
        if kind == NETWORK:
            yield from islice(_networks(self.key, self.period), limit)
            return
        rows = self._rows(kind, limit)
        while chunk := list(islice(rows, CHUNK)):
            ids = subjects.public_ids(_SUBJECTS[kind], [row.pk for row in chunk])
            yield from (Read(kind, ids.get(row.pk), row.first, row.last, row.calls) for row in chunk)

    def _rows(self, kind: str, limit: int | None) -> "Iterator[_Row]":
        if kind == DOCUMENT:
            return _documents(self.key, self.period, limit)
        return _elements(_LISTS[kind], self.key, self.period, limit)


class _Row(NamedTuple):
    pk: int
    first: datetime
    last: datetime
    calls: int


class _Count(NamedTuple):
    """A number of one kind for a key. Its calls have their first and last moment, and those of a network an address."""

    kind: str
    key: int
    number: int
    first: Any
    last: Any
    address: str


def of_keys(keys: Sequence[ApiKey], period: Period) -> dict[int, Reads]:
    """Return how much each key read in a period, by primary key."""
    if not keys:
        return {}
    counts = _counted([key.pk for key in keys], period)
    calls = {count.key: count for count in counts if count.kind == CALLS}
    numbers = Counter({(count.key, count.kind): count.number for count in counts if count.kind != NETWORK})
    networks = {(count.key, network(count.address)) for count in counts if count.kind == NETWORK}
    numbers.update((key, NETWORK) for key, _ in networks)
    return {
        key.pk: Reads(
            key,
            period,
            **(_span(calls[key.pk]) if key.pk in calls else {}),
            numbers={kind: numbers[key.pk, kind] for kind in KINDS},
        )
        for key in keys
    }


def _counted(pks: Sequence[int], period: Period) -> list[_Count]:
    lists = {column: _NUMBER.format(kind=kind, column=column, **_parts()) for kind, column in _LISTS.items()}
    with _room():
        return [_Count(*row) for row in _selected(_COUNTED, pks, period, **lists)]


def _span(calls: _Count) -> dict[str, Any]:
    return {"calls": calls.number, "first": _moment(calls.first), "last": _moment(calls.last)}


def _answers(key: ApiKey, period: Period) -> "QuerySet[Any, Any]":
    within = key.records.filter(occurred_at__gte=period.start, occurred_at__lt=period.end)
    return within.filter(SERVED).order_by()


def _networks(key: ApiKey, period: Period) -> Iterator[Read]:
    found: dict[str, Read] = {}
    with _room():
        rows = list(_answers(key, period).values("address").annotate(**_SPAN))
    for row in rows:
        name = network(row["address"])
        other = found.get(name, Read(NETWORK, name, row["first"], row["last"], 0))
        first, last = min(other.first, row["first"]), max(other.last, row["last"])
        found[name] = Read(NETWORK, name, first, last, other.calls + row["calls"])
    yield from sorted(found.values(), key=lambda each: (each.first, each.id))


def _documents(key: ApiKey, period: Period, limit: int | None) -> Iterator[_Row]:
    rows = _answers(key, period).exclude(document=None).values("document").annotate(**_SPAN)
    with _room():
        read = list(rows.order_by("first", "document")[:limit])
    for row in read:
        yield _Row(row["document"], row["first"], row["last"], row["calls"])


def _elements(column: str, key: ApiKey, period: Period, limit: int | None) -> Iterator[_Row]:
    """Yield the primary keys in a list of the ledger, in the order in which they were first read."""
    most = _NO_LIMIT if limit is None else limit
    with _room():
        rows = _selected(_EACH, [key.pk], period, most, column=column, **_parts())
    for pk, first, last, calls in rows:
        yield _Row(pk, _moment(first), _moment(last), int(calls))


def _parts() -> dict[str, str]:
    """Return how the database takes a list apart."""
    return {"element": _ELEMENT[connection.vendor], "elements": _ELEMENTS[connection.vendor]}


def _selected(sql: str, pks: Sequence[int], period: Period, *more: int, **parts: str) -> Iterator[tuple[Any, ...]]:
    """Execute the statement at once, and return an iterator over its rows."""
    adapt = connection.ops.adapt_datetimefield_value
    rows = _ROWS.format(keys=", ".join(["%s"] * len(pks)))
    cursor = connection.cursor()
    cursor.execute(sql.format(rows=rows, **parts), [*pks, adapt(period.start), adapt(period.end), *more])
    return _fetched(cursor)


def _fetched(cursor: Any) -> Iterator[tuple[Any, ...]]:
    with cursor:
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


@contextmanager
def _room() -> Iterator[None]:
    """Give PostgreSQL memory for half a million answers. With less it loses track of rows, and sorts on disk.

    It doesn't ask for pages in advance: the system reads ahead by itself, in less than half the time.
    SQLite has no such limit, and a transaction there would make writers wait.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ROOM)
        yield


def _moment(value: datetime | str) -> datetime:
    """Return a moment that SQLite gives as text in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
