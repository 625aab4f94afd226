"""The views of the developer pages. They are public and use no session or cookie. `requesting` has the one form."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chartero.docs import catalogues, sections
from chartero.docs import search as searching
from chartero.docs.pages import Page
from partners.api.base_url import base_url

PROGRAMS = settings.BASE_DIR / "examples"


@require_safe
def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Show one page. Respond 404 with a list of all pages if there is none."""
    try:
        shown = Page.at(slug)
    except KeyError:
        return missing(request)
    before, after = shown.neighbours
    place = {"page": shown, "index": sections.index(shown), "before": before, "after": after}
    return render(request, shown.template, frame() | place | catalogues.everything(base_url(request)))


def missing(request: HttpRequest) -> HttpResponse:
    """Respond 404 with a list of all pages."""
    return render(request, "docs/missing.html", frame(), status=HTTPStatus.NOT_FOUND)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show the sections of all pages that contain the words in `q`."""
    found = searching.find(request.GET.get("q", ""))
    return render(request, "docs/search.html", frame() | {"found": found, "examples": searching.EXAMPLES})


def frame() -> dict[str, Any]:
    """Return what every page shows around its text."""
    return {"pages": list(Page), "environment": settings.ENVIRONMENT, "access_requests": settings.ACCESS_REQUESTS}


@require_safe
def program(request: HttpRequest, name: str) -> HttpResponse:
    """Send one of the example programs, as it is in `examples/`."""
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    text = (PROGRAMS / name).read_bytes()
    return HttpResponse(text, content_type="text/x-python; charset=utf-8", headers=headers)
