"""The published document, for anybody: no key is asked for."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from chartero.openapi.publication import text


def version(request: HttpRequest) -> str:
    """Return the entity tag of the document: it changes with the text alone."""
    return f'"{sha256(text()).hexdigest()}"'


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=version)
def openapi(request: HttpRequest) -> HttpResponse:
    """Send the document."""
    return HttpResponse(text(), content_type="application/json")
