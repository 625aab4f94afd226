"""One box for everything that staff search for. What they type comes by POST and is never kept: it may hold a token."""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from chartero.search.sources import Group, search
from partners.admin.base import needs, render
from partners.admin.keys import pasting
from partners.finding import lookup
from partners.identifiers import IN_TEXT
from partners.keys import in_text

LONGEST = 200  # characters of a name; longer texts are only searched for tokens and ids
MOST_IDS = 3  # of a text that are looked up


def urls() -> list[URLPattern]:
    """Return the URL of the page, for the site to include."""
    return [path("search/", find, name="search")]


@needs("partners.view_apikey")
@sensitive_post_parameters()
@sensitive_variables()
def find(request: HttpRequest) -> HttpResponse:
    """Redirect to the only match. Otherwise show the matches by kind, or what can be searched for."""
    text = request.POST.get("q", "").strip()
    if named := _request_page(request, text):
        return redirect("admin:partners_requestrecord_change", named)
    if keys := pasting.page(request, text):
        return keys
    ids = [each for each in dict.fromkeys(IN_TEXT.findall(text)) if each != text][:MOST_IDS]
    if named := next(filter(None, (_request_page(request, each) for each in ids)), None):
        return redirect("admin:partners_requestrecord_change", named)
    groups = _groups(text, ids, request.user.has_perm)
    hits = [hit for group in groups for hit in group.found.rows]
    if len(hits) == 1:
        return redirect(hits[0].url)
    if not hits and in_text.may_hold_part(text):
        return pasting.nothing_found(request, text)
    return _shown(request, text, groups)


@sensitive_variables()
def _groups(text: str, ids: list[str], may: Callable[[str], bool]) -> list[Group]:
    """Return what the text finds, or else what the first id in it finds that is known here."""
    groups = search(text, may) if 0 < len(text) <= LONGEST else []
    return groups or next(filter(None, (search(each, may) for each in ids)), [])


@sensitive_variables()
def _request_page(request: HttpRequest, text: str) -> str | None:
    """Return the request id that the text is, if the person may see requests."""
    if not request.user.has_perm("partners.view_requestrecord"):
        return None
    try:
        return lookup.request_id(text)
    except ValidationError:
        return None


@sensitive_variables()
def _shown(request: HttpRequest, text: str, groups: list[Group]) -> HttpResponse:
    shown = "" if in_text.may_hold_part(text) else text[:LONGEST]
    return render(request, "search.html", title="Search", text=shown, groups=groups, search_first=not groups)
