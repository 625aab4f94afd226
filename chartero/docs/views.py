"""The views of the developer pages. They are public and use no session or cookie."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chartero.docs import catalogues
from chartero.docs.pages import Page
from chartero.web.content_policy import CONTENT_POLICY_WITH_ICONS

SYNC = settings.BASE_DIR / "examples" / "sync.py"


@require_safe
def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Show one page. Respond 404 with a list of all pages if there is none."""
    try:
        shown = Page.at(slug)
    except KeyError:
        return render(request, "docs/missing.html", {"pages": list(Page)}, status=HTTPStatus.NOT_FOUND)
    before, after = shown.neighbours
    context = {"pages": list(Page), "page": shown, "before": before, "after": after, **catalogues.everything(request)}
    answer = render(request, shown.template, context)
    if shown is Page.REFERENCE:
        answer["Content-Security-Policy"] = CONTENT_POLICY_WITH_ICONS
    return answer


@require_safe
def sync(request: HttpRequest) -> HttpResponse:
    """Send the example program that keeps a copy of an organization's encounters."""
    headers = {"Content-Disposition": f'inline; filename="{SYNC.name}"'}
    return HttpResponse(SYNC.read_bytes(), content_type="text/x-python; charset=utf-8", headers=headers)
