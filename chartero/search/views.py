"""One box for everything that staff search for. What they type comes by POST and is never kept: it may hold a token."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from chartero.search.sources import Group, search
from partners.admin.base import needs, render
from partners.admin.keys import pasting
from partners.finding import lookup
from partners.keys import in_text

LONGEST = 200  # characters of a name; longer texts are only searched for tokens


def urls() -> list[URLPattern]:
    """Return the URL of the page, for the site to include."""
    return [path("search/", find, name="search")]


@needs("partners.view_apikey")
@sensitive_post_parameters()
@sensitive_variables()
def find(request: HttpRequest) -> HttpResponse:
    """Redirect to the only match. Otherwise show the matches by kind, or what can be searched for."""
    text = request.POST.get("q", "").strip()
    request_page = _request_page(request, text)
    if request_page:
        return redirect("admin:partners_requestrecord_change", request_page)
    keys = pasting.page(request, text)
    if keys:
        return keys
    groups = search(text, request.user.has_perm) if 0 < len(text) <= LONGEST else []
    hits = [hit for group in groups for hit in group.found.rows]
    if len(hits) == 1:
        return redirect(hits[0].url)
    if not hits and in_text.may_hold_part(text):
        return pasting.nothing_found(request, text)
    return _shown(request, text, groups)


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
