"""Blocks of markdown, and how they are combined. Their text is already escaped."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from encounters.fhir.notes import escaping

BREAK = "  \n"

_LINE = re.compile(r"^(?=.)", re.MULTILINE)
_BACKTICKS = re.compile("`+")


class BlockKind(Enum):
    """The kind of a block. A table cell can contain only the first two."""

    PARAGRAPH = auto()
    LIST = auto()
    OTHER = auto()


class Block(NamedTuple):
    """A block of text. A tight block follows the previous one without a blank line."""

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    is_tight: bool = False


@dataclass(slots=True)
class Cell:
    """A cell of a table, and how many columns it spans."""

    blocks: Sequence[Block]
    is_head: bool = False
    span: int = 1


def joined(blocks: Iterable[Block]) -> str:
    """Return the text of blocks, one after the other."""
    first, *others = [*blocks] or [Block("")]
    return first.text + "".join(("\n" if each.is_tight else "\n\n") + each.text for each in others)


def quoted(blocks: Iterable[Block]) -> Block:
    """Return a quotation."""
    return Block("\n".join(f"> {line}".rstrip() for line in joined(blocks).split("\n")), BlockKind.OTHER)


def listed(items: Sequence[Block], *, is_tight: bool) -> Block:
    """Return a list."""
    return Block(joined(items), _kind(items), is_tight)


def item(blocks: Sequence[Block], marker: str) -> Block:
    """Return an item of a list."""
    return Block(_indented(blocks, marker), _kind(blocks), all(each.is_tight for each in blocks[1:]))


def _kind(inside: Iterable[Block]) -> BlockKind:
    return BlockKind.OTHER if any(each.kind is BlockKind.OTHER for each in inside) else BlockKind.LIST


def _indented(blocks: Iterable[Block], marker: str) -> str:
    return marker + _LINE.sub(" " * len(marker), joined(blocks))[len(marker) :]


def verbatim(text: str) -> Block:
    """Return a text in a code fence that is longer than any fence in the text."""
    fence = "`" * max(3, *(len(each) + 1 for each in _BACKTICKS.findall(text)), 0)
    return Block(f"{fence}\n{text}\n{fence}", BlockKind.OTHER)


def table(rows: Sequence[Sequence[Cell]]) -> list[Block]:
    """Return a table; or its cells one after the other if it is only layout, or contains what a cell can't."""
    cells = [cell for row in rows for cell in row]
    inside = [block for cell in cells for block in cell.blocks]
    if all(len(row) < 2 for row in rows) or any(block.kind is BlockKind.OTHER for block in inside):
        return inside
    return [Block("\n".join(_grid(rows)), BlockKind.OTHER)]


def _grid(rows: Sequence[Sequence[Cell]]) -> Iterable[str]:
    """Yield the lines of a table. Its header is empty if the first row is not a header."""
    has_head = all(cell.is_head for cell in rows[0])
    columns = max(sum(cell.span for cell in row) for row in rows)
    yield _row(rows[0]) if has_head else "|  " * columns + "|"
    yield "| --- " * columns + "|"
    yield from map(_row, rows[has_head:])


def _row(row: Iterable[Cell]) -> str:
    return "".join(f"| {escaping.cell(joined(each.blocks))} " + "|  " * (each.span - 1) for each in row) + "|"
