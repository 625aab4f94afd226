"""Rows as a CSV file. Each download of a list is recorded: who took which rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from partners.formats import sheets
from partners.keys.in_text import without_tokens
from partners.models import ApiKey, Organization
from partners.models.change import Action, ChangeEvent
from partners.record.pages import Page, Row, Search, all_pages
from partners.signin.base import change_by

LONGEST = 500  # characters of the filters on record
PER_PAGE, MOST_PAGES = 1_000, 20
STOPPED = "The file ends here, but there may be older rows. Choose a shorter time to see them."


def answer(
    request: HttpRequest, name: str, lines: Iterable[str], filters: dict[str, str], rows: int | None = None
) -> HttpResponse:
    """Record the export of a list, and return its file. `rows` is None if nobody counted them."""
    file = stream(lines, dated(name))
    kept = ", ".join(f"{filter_name}={without_tokens(text)}" for filter_name, text in filters.items())
    after = {"list": name, "filters": kept[:LONGEST]} | ({} if rows is None else {"rows": rows})
    ChangeEvent.record(Action.EXPORTED, change_by(request), after=after)
    return file


def owners(organization: Organization | None, key: ApiKey | None) -> list[str | None]:
    """Return the cells of whose a row is: the organization's name and id, the key's label and public part."""
    return [
        *([organization.name, organization.public_id] if organization else [None, None]),
        *([key.label, key.quotable] if key else [None, None]),
    ]


def most() -> str:
    """Return how many rows of a record a file may have."""
    return f"{PER_PAGE * MOST_PAGES:,}"


def of_record(search: Search[Row], columns: Sequence[str], cells: Callable[[Row], list[str | None]]) -> Iterator[str]:
    """Yield the lines of a file of a record: what a search finds, the newest first, as far as a file may go."""
    pages = islice(all_pages(replace(search, per_page=PER_PAGE)), MOST_PAGES)
    return sheets.lines(columns, _rows(pages, cells))


def _rows(pages: Iterable[Page[Row]], cells: Callable[[Row], list[str | None]]) -> Iterator[list[str | None]]:
    older = None
    for page in pages:
        yield from map(cells, page.rows)
        older = page.older
    if older:
        yield [STOPPED]


def stream(lines: Iterable[str], file_name: str) -> HttpResponse:
    """Return a file that is sent as it is read.

    The header and the first row are read at once, while a fault of the database can still be answered.
    """
    every = iter(lines)
    first = list(islice(every, 2))
    # The types of our guards don't include streaming answers.
    return StreamingHttpResponse(  # type: ignore[return-value]
        chain(first, every),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def dated(name: str) -> str:
    """Return the name of a file that is as of today."""
    return f"{name.lower().replace(' ', '-')}-{timezone.now():%Y-%m-%d}.csv"
