"""The partners that a file describes: the rows with the same organization together, each with its keys."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from partners import names
from partners.catalogue.routes import Route, Scope
from partners.management.handover import life
from partners.management.moving.columns import OF_KEY, OF_ORGANIZATION, Column
from partners.management.moving.faults import Fault
from partners.management.moving.reading import Row

TWICE = (
    "Line {line} has this label too. A key is known by its organization and its label: give each a label of its own."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that a row asks for. `life` says how long it lives, as a hand-over stores that.

    It is vague if the file doesn't say what it may read, and has a default life if it doesn't say how long it lives.
    """

    line: int
    label: str
    scopes: list[Scope]
    life: dict[str, Any]
    is_vague: bool
    has_default_life: bool

    @property
    def key(self) -> str:
        """Return what its label is compared by."""
        return names.key(self.label)


@dataclass(slots=True)
class Partner:
    """An organization as the file describes it: what is left blank has no value.

    `lines` says where each value is. `named` are the columns that have a cell, even if it was refused.
    """

    name: str
    line: int
    values: dict[Column, Any] = field(default_factory=dict)
    lines: dict[Column, int] = field(default_factory=dict)
    named: set[Column] = field(default_factory=set)
    keys: list[Wanted] = field(default_factory=list)

    @property
    def routes(self) -> list[Route]:
        routes: list[Route] = self.values.get(Column.ROUTES, [])
        return routes


def gathered(rows: Iterable[Row], faults: list[Fault]) -> list[Partner]:
    """Return the partners in the order of the file, and add what contradicts itself to the faults."""
    partners: dict[str, Partner] = {}
    of_keys: list[tuple[Partner, Row]] = []
    for row in rows:
        if Column.ORGANIZATION not in row.texts:
            faults.append(Fault(row.line, Column.ORGANIZATION.title, "", "Each row names its organization."))
            continue
        name = row.texts[Column.ORGANIZATION]
        partner = partners.setdefault(names.key(name), Partner(name, row.line))
        _take(partner, row, faults)
        of_keys.append((partner, row))
    for partner, row in of_keys:  # once the routes are known, which any row of the organization may name
        _add_key(partner, row, faults)
    return [*partners.values()]


def _take(partner: Partner, row: Row, faults: list[Fault]) -> None:
    partner.named |= row.texts.keys()
    for column in OF_ORGANIZATION:
        if column not in row.values:
            continue
        value, text = row.values[column], row.texts[column]
        if partner.values.setdefault(column, value) != value:
            message = f"Line {partner.lines[column]} has another value for this organization. Leave one of them blank."
            faults.append(Fault(row.line, column.title, text, message))
        partner.lines.setdefault(column, row.line)


def _add_key(partner: Partner, row: Row, faults: list[Fault]) -> None:
    label = row.texts.get(Column.LABEL, "")
    if not label:
        if given := [column for column in OF_KEY if column in row.texts]:
            message = "Name the system that will use the key, or leave the cells of the key blank."
            faults.append(Fault(row.line, Column.LABEL.title, row.texts[given[0]], message))
        return
    scopes = row.values.get(Column.SCOPES) or _needed(partner.routes)
    is_vague = Column.SCOPES not in row.texts and Column.ROUTES not in partner.named
    wanted = Wanted(row.line, label, scopes, _life(row), is_vague, Column.EXPIRES not in row.texts)
    if twins := [each for each in partner.keys if each.key == wanted.key]:
        faults.append(Fault(row.line, Column.LABEL.title, label, TWICE.format(line=twins[0].line)))
    partner.keys.append(wanted)


def _needed(routes: list[Route]) -> list[Scope]:
    """Return the scopes that these routes require."""
    return [scope for scope in Scope if any(scope in route.scopes for route in routes)]


def _life(row: Row) -> dict[str, Any]:
    """Return how long the key lives. A cell that is wrong was reported when it was read."""
    if Column.EXPIRES not in row.texts:
        return life(None)
    given: dict[str, Any] = row.values.get(Column.EXPIRES, {})
    return given
