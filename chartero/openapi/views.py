"""The published document. It is public."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chartero.openapi.publication import Published, published
from partners.api.base_url import base_url


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=lambda request: _here(request).tag)
def openapi(request: HttpRequest) -> HttpResponse:
    """Send the document."""
    return HttpResponse(_here(request).text, content_type="application/json")


def _here(request: HttpRequest) -> Published:
    return published(base_url(request))
