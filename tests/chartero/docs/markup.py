"""Read the headings, the index and the tables of a page from its HTML, without the code that made them."""

from dataclasses import dataclass
from html.parser import HTMLParser

LEVELS = ("h1", "h2", "h3", "h4")


@dataclass
class Heading:
    level: int
    anchor: str
    text: str = ""


class Headings(HTMLParser):
    """The headings of a page, without the links to themselves."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Heading] = []
        self.open = False
        self.feed(html)
        for heading in self.found:
            heading.text = " ".join(heading.text.split())

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag in LEVELS:
            self.found.append(Heading(int(tag[1]), names.get("id", "")))
        self.open = (self.open or tag in LEVELS) and names.get("class") != "anchor"

    def handle_endtag(self, tag):
        self.open = self.open and tag not in LEVELS

    def handle_data(self, data):
        if self.open:
            self.found[-1].text += data


class Index(HTMLParser):
    """The entries of the index: target, text and level."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.entries: list[tuple[str, str, int]] = []
        self.depth = 1
        self.inside = self.linked = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.inside = self.inside or names.get("class") == "docs-index"
        self.depth += tag == "ul"
        self.linked = tag == "a"
        if self.inside and self.linked:
            self.entries.append((names["href"], "", self.depth))

    def handle_endtag(self, tag):
        self.depth -= tag == "ul"
        self.inside = self.inside and tag != "nav"
        self.linked = False

    def handle_data(self, data):
        if self.inside and self.linked:
            target, text, depth = self.entries[-1]
            self.entries[-1] = (target, text + data, depth)


class Rows(HTMLParser):
    """The rows of the tables of a part of a page: the text of each cell, and the targets of its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[list[str]] = []
        self.open = False
        self.feed(html)
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "tr":
            self.rows.append([])
            self.links.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self.open = True
        if tag == "a" and self.open:
            self.links[-1].append(names["href"])

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("th", "td")

    def handle_data(self, data):
        if self.open:
            self.rows[-1][-1] += data
