"""The tables that are sealed, and the canonical form of their rows, the same whatever the database.

A form lists columns in an order that never changes. A new column means a new form; the old one verifies old seals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from django.db.models import Model

from partners.models import ChangeEvent, RequestRecord, UnkeyedCount
from partners.seals.canonical import values


class Kind(Enum):
    """What a column holds: how each database selects it, and how its value becomes a text.

    Expressions instead of columns keep Python's sqlite3 from converting what it finds, which may be damaged.
    """

    PLAIN = ("{column}", "{column}", values.plain)
    FLAG = ("{column}", "CAST({column} AS text)", values.flag)
    MOMENT = (
        "to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
        "CAST({column} AS text)",
        values.moment,
    )
    KEYS = ("array_to_string({column}, ',', 'null')", "{column}", values.keys)
    JSON = ("{column}::text", "{column}", values.json_text)

    def __init__(self, on_postgresql: str, on_sqlite: str, text: Callable[[Any], str]) -> None:
        self.selected = {"postgresql": on_postgresql, "sqlite": on_sqlite}
        self.text = text


class Column(NamedTuple):
    """A column of a form."""

    name: str
    kind: Kind = Kind.PLAIN


@dataclass(frozen=True, slots=True)
class SealedTable:
    """One table, and what is in it for people to read.

    `moment` is the column with the age of a row, and `forms` are its canonical forms, the first is 1.

    `apart`: how far the time of a row may be from the time at which it was written.
    """

    name: str
    title: str
    model: type[Model]
    moment: str
    apart: timedelta
    forms: tuple[tuple[Column, ...], ...]

    @property
    def db_table(self) -> str:
        return self.model._meta.db_table

    @property
    def form(self) -> int:
        """Return the number of the form that new seals have."""
        return len(self.forms)

    def columns(self, form: int) -> tuple[Column, ...]:
        return self.forms[form - 1]


REQUESTS = SealedTable(
    "requests",
    "Calls with a known key",
    RequestRecord,
    "occurred_at",
    timedelta(hours=1),
    (
        (
            Column("id"),
            Column("request_id"),
            Column("occurred_at", Kind.MOMENT),
            Column("api_key_id"),
            Column("organization_id"),
            Column("method"),
            Column("route"),
            Column("resource"),
            Column("query"),
            Column("status"),
            Column("reason_code"),
            Column("parameter"),
            Column("count"),
            Column("microseconds"),
            Column("address"),
            Column("new_network", Kind.FLAG),
            Column("outside_networks", Kind.FLAG),
            Column("encounters", Kind.KEYS),
            Column("patients", Kind.KEYS),
            Column("document"),
        ),
    ),
)
CHANGES = SealedTable(
    "changes",
    "Changes by staff and commands, sign-ins and exports",
    ChangeEvent,
    "occurred_at",
    timedelta(hours=1),
    (
        (
            Column("id"),
            Column("occurred_at", Kind.MOMENT),
            Column("action"),
            Column("organization_id"),
            Column("api_key_id"),
            Column("by"),
            Column("source"),
            Column("reason"),
            Column("ticket"),
            Column("approved_by"),
            Column("before", Kind.JSON),
            Column("after", Kind.JSON),
        ),
    ),
)
COUNTS = SealedTable(
    "counts",
    "Counts of answers without a known key",
    UnkeyedCount,
    "minute",
    timedelta(days=1),  # a process keeps what it counted while it doesn't reach the database
    (
        (
            Column("id"),
            Column("minute", Kind.MOMENT),
            Column("source"),
            Column("reason_code"),
            Column("public_part"),
            Column("count"),
        ),
    ),
)
TABLES = {table.name: table for table in (REQUESTS, CHANGES, COUNTS)}
