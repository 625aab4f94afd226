"""The published document, for anybody: no key is asked for."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chartero.openapi.publication import published


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=lambda request: published().tag)
def openapi(request: HttpRequest) -> HttpResponse:
    """Send the document."""
    return HttpResponse(published().text, content_type="application/json")
