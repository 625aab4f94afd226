"""What is on each page: its headings, and the text below each one. Both are read from the page as it is shown."""

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from django.template.loader import render_to_string

from chartero.docs import catalogues
from chartero.docs.pages import Page
from chartero.openapi.publication import EXAMPLE
from partners.api.base_url import stated
from partners.catalogue.routes import Route

LEVELS = {"h2": 2, "h3": 3}
INLINE = {"a", "code", "em", "span", "strong"}
SILENT = {"button", "fieldset", "h4", "thead"}  # what can be pressed, and heads that every table has


@dataclass(slots=True)
class Section:
    """A heading of a page with the text up to the next one. Level 1 is the page itself, before its first heading.

    `names` are the codes, parameters and keys that it defines, and `routes` are the routes that it explains.
    """

    page: Page
    level: int = 1
    anchor: str = ""
    title: str = ""
    text: str = ""
    names: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.page.url}#{self.anchor}" if self.anchor else self.page.url


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the index of a page: a heading, and the headings below it."""

    section: Section
    below: tuple[Section, ...]


@cache
def of(page: Page) -> tuple[Section, ...]:
    """Return the sections of a page in order."""
    base_url = stated() or EXAMPLE
    html = render_to_string(page.template, {"page": page, **catalogues.everything(base_url)})
    return tuple(_Reader(page, html).sections)


@cache
def index(page: Page) -> tuple[Entry, ...]:
    """Return the headings of a page as its index shows them."""
    headings = [section for section in of(page) if section.level > 1]
    tops = [at for at, section in enumerate(headings) if section.level == LEVELS["h2"]]
    ends = [*tops[1:], len(headings)]
    return tuple(Entry(headings[top], tuple(headings[top + 1 : end])) for top, end in zip(tops, ends, strict=True))


def explaining(route: Route) -> Section | None:
    """Return the section of another page than the reference that explains a route, if there is one."""
    found = [section for page in Page if page is not Page.REFERENCE for section in of(page) if section.anchor]
    return next((section for section in found if route.route_name in section.routes), None)


class _Reader(HTMLParser):
    """Reads the sections of a page. The text leaves out examples in code, which repeat what is said in words."""

    def __init__(self, page: Page, html: str) -> None:
        super().__init__()
        self.sections = [Section(page, title=page.title, text=f"{page.summary} ")]
        self.inside = False
        self.silent = ""
        self.heading = ""
        self.defining = False
        self.feed(html)
        for section in self.sections:
            section.title, section.text = " ".join(section.title.split()), " ".join(section.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        css = names.get("class", "")
        self.inside = (self.inside or css == "docs-body") and css != "docs-next"
        if not self.inside or self.silent:
            return
        if tag in SILENT or css == "anchor" or (tag == "pre" and "id" in names):
            self.silent = tag
        elif tag in LEVELS:
            self.heading = tag
            self.sections.append(Section(self.sections[0].page, LEVELS[tag], names["id"]))
        self._note(tag, names)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        if tag == self.heading:
            self.heading = ""
        if tag == "th":
            self.defining = False
        self._space(tag)

    def handle_data(self, data: str) -> None:
        if not self.inside or self.silent:
            return
        if self.heading:
            self.sections[-1].title += data
            return
        self.sections[-1].text += data
        if self.defining:
            self.sections[-1].names += data.split()

    def _note(self, tag: str, names: dict[str, str]) -> None:
        """Notice what a row defines, and a route that the section is about."""
        self.defining = self.defining or (tag == "th" and names.get("scope") == "row")
        if "data-route" in names:
            self.sections[-1].routes.append(names["data-route"])
        self._space(tag)
        if tag == "td":
            self.sections[-1].text += "· "

    def _space(self, tag: str) -> None:
        if tag not in INLINE:
            self.sections[-1].text += " "
