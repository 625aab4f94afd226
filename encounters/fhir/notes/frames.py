"""An element of a note while it is read, and how it is added to its parent element."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from justhtml import Node

from encounters.fhir.notes import blocks, escaping
from encounters.fhir.notes.blocks import Block, BlockKind, Cell

FENCE, LINK = "```", "[]"
MARKS = {"b": "**", "strong": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "strike": "~~"}
VERBATIM = ("pre", "xmp", "listing", "plaintext")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MOST_COLUMNS = 20  # maximum span of a cell

_SPACES = re.compile(" {2,}")
_NUMBER = re.compile("[0-9]{1,9}")


@dataclass(slots=True)
class Frame:
    r"""An open element: its finished blocks, and the pieces of its current line, with `\n` for a line break."""

    node: Node
    mark: str = ""
    number: int = 1  # of the next item of a list
    blocks: list[Block] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    rows: list[list[Cell]] = field(default_factory=list)

    @property
    def tag(self) -> str:
        return self.node.name

    def end_line(self) -> None:
        """Finish the paragraph. Two line breaks in a row start another one."""
        if not self.line:
            return
        lines = [_SPACES.sub(" ", each).strip() for each in "".join(self.line).split("\n")]
        self.line.clear()
        for paragraph in re.split(r"\n{2,}", "\n".join(lines).strip("\n")):
            if paragraph:
                self.blocks.append(Block(escaping.lines(paragraph).replace("\n", blocks.BREAK)))

    def one_line(self) -> str:
        return " ".join("".join(self.line).split())


def attribute(node: Node, name: str) -> str:
    """Return the value of an attribute; empty if it is missing."""
    return (node.attrs or {}).get(name) or ""


def number(node: Node, name: str) -> int:
    """Return the number in an attribute; 1 if it is missing."""
    found = _NUMBER.fullmatch(attribute(node, name))
    return int(found[0]) if found else 1


def mark(node: Node) -> str:
    """Return the markdown mark for the text of an element; empty if there is none."""
    if node.name == "a":
        return LINK if escaping.link(attribute(node, "href")) else ""
    return FENCE if node.name in VERBATIM else MARKS.get(node.name, "")


def _marked(frame: Frame, parent: Frame) -> None:
    """Mark each line separately: a mark can't continue across paragraphs, and can't enclose blocks."""
    if frame.blocks:
        _unmarked(frame, parent)
    else:
        lines = "".join(frame.line).split("\n")
        parent.line.append("\n".join(_between(frame.mark, line, frame.mark) for line in lines))


def _linked(frame: Frame, parent: Frame) -> None:
    if frame.blocks:
        _unmarked(frame, parent)
        return
    if parent.line and parent.line[-1].endswith("!"):  # otherwise the link would be an image
        parent.line[-1] = parent.line[-1][:-1] + "\\!"
    url = escaping.link(attribute(frame.node, "href"))
    parent.line.append(_between("[", "".join(frame.line).replace("\n", " "), f"]({url})"))


def _unmarked(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    parent.end_line()
    parent.blocks += frame.blocks


def _between(before: str, text: str, after: str) -> str:
    """Return text between two marks, with surrounding spaces outside of them. Only spaces are returned unchanged."""
    inside = text.strip()
    start = text.index(inside)
    return text[:start] + before + inside + after + text[start + len(inside) :] if inside else text


def _verbatim(frame: Frame, parent: Frame) -> None:
    text = "".join(frame.line).strip("\n")
    if text.strip():
        parent.blocks.append(blocks.verbatim(text))


def _heading(frame: Frame, parent: Frame) -> None:
    """Use the first paragraph as the heading. Everything else in the element follows it."""
    title = frame.one_line()
    if frame.blocks:
        frame.end_line()
        is_title = frame.blocks[0].kind is BlockKind.PARAGRAPH
        title = frame.blocks.pop(0).text.replace(blocks.BREAK, " ") if is_title else ""
    if title:
        parent.blocks.append(Block(f"{'#' * int(frame.tag[1])} {escaping.heading(title)}", BlockKind.OTHER))
    parent.blocks += frame.blocks


def _quotation(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    if frame.blocks:
        parent.blocks.append(blocks.quoted(frame.blocks))


def _list(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    if frame.blocks:
        parent.blocks.append(blocks.listed(frame.blocks, is_tight=parent.tag == "li"))


def _item(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    marker = f"{parent.number}. " if parent.tag == "ol" else "- "
    parent.number += 1
    if frame.blocks:
        parent.blocks.append(blocks.item(frame.blocks, marker))


def _table(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    parent.blocks += [*frame.blocks, *blocks.table(frame.rows)]


def _row(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    parent.blocks += frame.blocks
    if frame.cells:
        parent.rows.append(frame.cells)


def _cell(frame: Frame, parent: Frame) -> None:
    frame.end_line()
    span = max(1, min(MOST_COLUMNS, number(frame.node, "colspan")))
    parent.cells.append(Cell(frame.blocks, frame.tag == "th", span))


# By element name: how a finished element is added to its parent.
TAKEN: dict[str, Callable[[Frame, Frame], None]] = {
    **dict.fromkeys(MARKS, _marked),
    **dict.fromkeys(VERBATIM, _verbatim),
    **dict.fromkeys(HEADINGS, _heading),
    **{"a": _linked, "blockquote": _quotation, "ul": _list, "ol": _list, "li": _item},
    **{"table": _table, "tr": _row, "td": _cell, "th": _cell},
}
