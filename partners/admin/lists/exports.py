"""Rows of a list as a CSV file. Each download is recorded: who took which rows."""

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
    """Record the export, then return it as a file that is sent as it is read. `rows` is None if nobody counted them.

    The header and the first row are read before that, while a fault of the database can still be answered.
    """
    every = iter(lines)
    first = list(islice(every, 2))
    kept = ", ".join(f"{filter_name}={without_tokens(text)}" for filter_name, text in filters.items())
    after = {"list": name, "filters": kept[:LONGEST]} | ({} if rows is None else {"rows": rows})
    ChangeEvent.record(Action.EXPORTED, change_by(request), after=after)
    # The types of our guards don't include streaming answers.
    return StreamingHttpResponse(  # type: ignore[return-value]
        chain(first, every),
        content_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{_file_name(name)}"'},
    )


def _file_name(name: str) -> str:
    return f"{name.lower().replace(' ', '-')}-{timezone.now():%Y-%m-%d}.csv"
