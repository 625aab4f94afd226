"""The catalogue of developer pages, in reading order."""

from enum import Enum

from django.urls import reverse


class Page(Enum):
    """One page: its path under `/docs/`, its title, and its summary in one sentence."""

    GET_STARTED = "", "Get started", "From an API key to the first encounter in two minutes."
    AUTHENTICATION = "authentication", "Authentication", "How to send your key, look at it, and protect it."
    SCOPES = "scopes", "Scopes", "What a key can read, and what each route requires."
    ENVIRONMENTS = "environments", "Environments", "The base URL, live and test keys, and rules for every call."
    PAGINATION = (
        "pagination",
        "Pagination and filters",
        "How to page through encounters, and keep a complete copy of them.",
    )
    ERRORS = "errors", "Errors", "Every reason code: what it means, its usual cause, what to do, and whether to retry."
    ENCOUNTERS = "encounters", "Fetch encounters", "The list, one encounter, and all their fields."
    DOCUMENTS = "documents", "Fetch documents", "The notes of an encounter, as Markdown."
    TRANSCRIPTS = "transcripts", "Transcripts and audio", "What was said in an ambient encounter, and the recording."
    CHANGES = "changes", "Changes", "How to keep a copy up to date: what is new, was amended or was withdrawn."
    WEBHOOKS = "webhooks", "Webhooks", "How to hear of a finished transcript, instead of asking for it."
    RECEIVE_WEBHOOKS = "receive-webhooks", "Receive webhooks", "How to store an event once, and read what it points to."
    VERIFY_SIGNATURES = (
        "verify-signatures",
        "Verify signatures",
        "How to tell that an event comes from us, and just now.",
    )
    REFERENCE = "reference", "API reference", "Every route with its parameters, responses, codes and objects."
    CHANGELOG = "changelog", "Changelog", "What has changed in the API, and what was there from the beginning."
    HELP = "help", "Get help", "Whom to ask, what to include, and what never to send."

    def __init__(self, slug: str, title: str, summary: str) -> None:
        self.slug = slug
        self.title = title
        self.summary = summary

    @property
    def template(self) -> str:
        return f"docs/{self.slug or 'start'}.html"

    @property
    def url(self) -> str:
        return reverse("docs:page", args=[self.slug]) if self.slug else reverse("docs:start")

    @property
    def neighbours(self) -> tuple["Page | None", "Page | None"]:
        """Return the previous and the next page."""
        order = [None, *Page, None]
        at = order.index(self)
        return order[at - 1], order[at + 1]

    @classmethod
    def at(cls, slug: str) -> "Page":
        """Return the page at this path; KeyError if there is none."""
        return _BY_SLUG[slug]


_BY_SLUG = {page.slug: page for page in Page}
