"""Rows as a CSV file. Each download of a list is recorded: who took which rows."""

from collections.abc import Iterable
from itertools import chain, islice

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from partners.keys.in_text import without_tokens
from partners.models.change import Action, ChangeEvent
from partners.signin.base import change_by

LONGEST = 500  # characters of the filters on record


def answer(
    request: HttpRequest, name: str, lines: Iterable[str], filters: dict[str, str], rows: int | None = None
) -> HttpResponse:
    """Record the export of a list, and return its file. `rows` is None if nobody counted them."""
    file = stream(lines, dated(name))
    kept = ", ".join(f"{filter_name}={without_tokens(text)}" for filter_name, text in filters.items())
    after = {"list": name, "filters": kept[:LONGEST]} | ({} if rows is None else {"rows": rows})
    ChangeEvent.record(Action.EXPORTED, change_by(request), after=after)
    return file


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
