"""The catalogue of developer pages, in the order in which one reads them."""

from enum import Enum

from django.urls import reverse


class Page(Enum):
    """One page: its place below `/docs/`, its title, and what it is about in one sentence."""

    GET_STARTED = "", "Get started", "From an API key to the first encounter in two minutes."
    AUTHENTICATION = "authentication", "Authentication", "How a call says who calls, and how to keep a key."
    SCOPES = "scopes", "Scopes", "What a key may read, and what each route asks for."
    ENVIRONMENTS = "environments", "Environments", "Where to call, with which key, and what holds for every call."
    PAGINATION = (
        "pagination",
        "Pagination and filters",
        "How to page through encounters, and keep a copy of them that loses nothing.",
    )
    ERRORS = "errors", "Errors", "Every reason code: what it means, why it comes, what to do, and whether to try again."
    ENCOUNTERS = "encounters", "Fetch encounters", "The list, one encounter, and every field of them."
    DOCUMENTS = "documents", "Fetch documents", "The notes of an encounter, as markdown."
    TRANSCRIPTS = "transcripts", "Transcripts and audio", "What was said in an ambient encounter, and its recording."
    REFERENCE = "reference", "API reference", "Every route with its parameters, answers and codes, as OpenAPI has them."

    def __init__(self, slug: str, title: str, summary: str) -> None:
        self.slug = slug
        self.title = title
        self.summary = summary

    @property
    def template(self) -> str:
        """Return the name of its template."""
        return f"docs/{self.slug or 'start'}.html"

    @property
    def url(self) -> str:
        """Return its path."""
        return reverse("docs:page", args=[self.slug]) if self.slug else reverse("docs:start")

    @property
    def neighbours(self) -> tuple["Page | None", "Page | None"]:
        """Return the page before it and the page after it."""
        order = [None, *Page, None]
        at = order.index(self)
        return order[at - 1], order[at + 1]

    @classmethod
    def at(cls, slug: str) -> "Page":
        """Return the page at that place; KeyError if there is none."""
        return _BY_SLUG[slug]


_BY_SLUG = {page.slug: page for page in Page}
