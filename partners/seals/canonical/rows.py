"""The rows of a table in the order of their ids, each in its canonical form. Read in batches, in constant memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import connection

from partners.formats import damaged
from partners.formats.framing import framed
from partners.models.seal import SealedRow
from partners.seals.canonical.tables import SealedTable

BATCH = 10_000
BELOW_ALL, ABOVE_ALL = -(2**63), 2**63 - 1  # ids
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SELECT = "SELECT {columns} FROM {table} WHERE {id} > %s AND {id} <= %s{condition} ORDER BY {id} LIMIT %s"


class Row(NamedTuple):
    """A row as texts, in the order of the columns of its form."""

    id: int
    texts: list[str | None]
    sealed: SealedRow


def read(table: SealedTable, form: int, after: int, to: int, condition: str = "") -> Iterator[Row]:
    """Yield the rows with an id above `after` and up to `to`. `condition`: more SQL, from ` AND` on."""
    columns = table.columns(form)
    sql, head = _sql(table, form, condition), [table.name, str(form)]
    texts = [column.kind.text for column in columns]
    place = [column.name for column in columns].index(table.moment)
    while batch := _found(sql, after, to):
        for values in batch:
            row = [None if value is None else text(value) for text, value in zip(texts, values, strict=True)]
            digest = sha256(framed([*head, *row])).digest()
            yield Row(values[0], row, SealedRow(values[0], microseconds(row[place]), digest))
        after = batch[-1][0]


def _sql(table: SealedTable, form: int, condition: str) -> str:
    quote, vendor = connection.ops.quote_name, connection.vendor
    columns = [each.kind.selected[vendor].format(column=quote(each.name)) for each in table.columns(form)]
    names = {"table": quote(table.db_table), "id": quote("id")}
    return _SELECT.format(columns=", ".join(columns), condition=condition, **names)


def _found(sql: str, after: int, to: int) -> list[Any]:
    with damaged.readable(), connection.cursor() as cursor:
        cursor.execute(sql, [after, to, BATCH])
        found: list[Any] = cursor.fetchall()
        return found


def microseconds(moment: str | datetime | None) -> int:
    """Return a time, or the text of one in UTC, in microseconds since 1970; 0 for what is no time."""
    try:
        at = moment if isinstance(moment, datetime) else datetime.fromisoformat(f"{moment}+00:00")
    except ValueError:
        return 0
    return (at - _EPOCH) // _MICROSECOND
