"""Convert the tree of a note's HTML to markdown, node by node: no tree is too deep, and no text becomes markup."""

import re
from collections.abc import Iterator, Sequence

from justhtml import Node, Text

from encounters.fhir.notes import blocks, escaping, frames
from encounters.fhir.notes.blocks import Block, BlockKind
from encounters.fhir.notes.frames import FENCE, HEADINGS, TAKEN, VERBATIM, Frame

UNSEEN = {"head", "title", "script", "style", "template", "svg", "#comment", "!doctype"}
ENDS_A_LINE = {
    *("address", "article", "aside", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "legend", "main", "menu", "nav"),
    *("optgroup", "option", "p", "search", "section", "select", "summary", "tbody", "textarea", "tfoot", "thead"),
    *("blockquote", "ul", "ol", "li", "table", "tr", "td", "th", *HEADINGS, *VERBATIM),
}
PARTS = {"tr": {"table"}, "td": {"tr"}, "th": {"tr"}}
TYPED = {"", "text", "email", "tel", "url", "number", "date", "time", "datetime-local", "month", "week", "search"}

_KEEPS_LINES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)

DEEPEST = 24  # levels of nesting: with more, indentation would make a short text very long


def markdown(root: Node) -> str:
    """Return the content of the tree as markdown."""
    writer = _Writer(root)
    todo: list[tuple[Node | Text, bool]] = [(child, False) for child in _from_last(root)]
    while todo:
        node, is_read = todo.pop()
        if isinstance(node, Text):
            writer.text(node.data or "")
        elif is_read:
            writer.leave(node)
        elif node.name not in UNSEEN:
            writer.enter(node)
            todo.append((node, True))
            todo.extend((child, False) for child in _from_last(node))
    return writer.written()


def _from_last(node: Node) -> Iterator[Node | Text]:
    children: Sequence[Node | Text] = node.children or ()
    return reversed(children)


class _Writer:
    def __init__(self, root: Node) -> None:
        self.frame = Frame(root)
        self.outer: list[Frame] = []
        self.marks: set[str] = set()
        self.keeping: list[Node] = []  # open elements whose style preserves line breaks

    def written(self) -> str:
        """Return the markdown, after all nodes have been read."""
        self.frame.end_line()
        return blocks.joined(self.frame.blocks)

    def text(self, text: str) -> None:
        """Add a text."""
        if FENCE in self.marks:
            self.frame.line.append(text)
        else:
            lines = text.split("\n") if self.keeping else [text]
            self.frame.line.append("\n".join(map(escaping.text, lines)))

    def enter(self, node: Node) -> None:
        """Start an element."""
        if node.name in ENDS_A_LINE:
            self._end_line()
        if _KEEPS_LINES.search(frames.attribute(node, "style")):
            self.keeping.append(node)
        mark = frames.mark(node)
        if self._has_frame(node.name, mark):
            self.marks.add(mark)
            self.outer.append(self.frame)
            self.frame = Frame(node, mark, frames.number(node, "start"))
        elif node.name == "br" or (node.name == "hr" and FENCE in self.marks):
            self.frame.line.append("\n")
        elif node.name == "hr":
            self.frame.end_line()
            self.frame.blocks.append(Block("---", BlockKind.OTHER))
        elif words := _words(node):
            self.text(f" {words} ")

    def leave(self, node: Node) -> None:
        """End an element."""
        if self.keeping and self.keeping[-1] is node:
            self.keeping.pop()
        if self.frame.node is node:
            read, self.frame = self.frame, self.outer.pop()
            self.marks.discard(read.mark)
            TAKEN[node.name](read, self.frame)
        elif node.name in ENDS_A_LINE:
            self._end_line()

    def _has_frame(self, tag: str, mark: str) -> bool:
        """Return True if the element needs a frame: not in verbatim text, not too deep, and no mark inside itself."""
        if FENCE in self.marks or len(self.outer) >= DEEPEST:
            return False
        if mark or tag == "a":
            return mark not in ("", *self.marks)
        return tag in TAKEN and self.frame.tag in PARTS.get(tag, {self.frame.tag})

    def _end_line(self) -> None:
        """End the paragraph; in verbatim text, end only the line, if it is not empty."""
        if FENCE not in self.marks:
            self.frame.end_line()
        elif self.frame.line and not self.frame.line[-1].endswith("\n"):
            self.frame.line.append("\n")


def _words(node: Node) -> str:
    """Return the text that an element without content displays."""
    if node.name == "img":
        return frames.attribute(node, "alt")
    is_typed = node.name == "input" and frames.attribute(node, "type").lower() in TYPED
    return frames.attribute(node, "value") if is_typed else ""
