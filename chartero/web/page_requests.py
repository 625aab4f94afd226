"""Refuse requests that no page can read, and shorten redirects that no server would accept.

Databases can't store a NUL or half of a surrogate pair, and forms are read as UTF-8 only. So pages need not check for
these: any text in a path, a query, a cookie or a form can be stored and compared.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.http import parse_header_parameters

LONGEST_QUERY = LONGEST_REDIRECT = 2_000  # characters: servers refuse request lines of 4 to 8 kB
UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
UNKNOWN = "unknown"
TEMPLATES = {HTTPStatus.NOT_FOUND: "404.html"}


class Utf8Request(WSGIRequest):
    """A request that is read as UTF-8, whatever the charset in its `Content-Type`.

    Django would decode the query with that charset while it creates the request, before any code can handle an error.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {"charset": UNKNOWN}


class ReadableRequestMiddleware:
    """Refuse a request that no page can read, and shorten a redirect that is too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Our own cookies never contain such text. Drop cookies that do.
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if _is_storable([value])}
        refused = _refusal(request)
        if refused is None:
            return _followable(self.get_response(request))
        return HttpResponse(render_to_string(TEMPLATES.get(refused, "400.html")), status=refused)


def _refusal(request: HttpRequest) -> HTTPStatus | None:
    """Return the status for a request that can't be read, or None."""
    if not _is_storable([request.path_info]):
        return HTTPStatus.NOT_FOUND
    if not _is_utf8(request):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        return HTTPStatus.BAD_REQUEST
    try:
        texts = [*_texts(request.GET), *_texts(request.POST)]
    except RequestDataTooBig:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    except UNREADABLE:
        return HTTPStatus.BAD_REQUEST
    return None if _is_storable(texts) else HTTPStatus.BAD_REQUEST


def _is_utf8(request: HttpRequest) -> bool:
    """Return True unless the request has another charset."""
    try:
        return codecs.lookup((request.content_params or {}).get("charset", settings.DEFAULT_CHARSET)).name == "utf-8"
    except (LookupError, ValueError):
        return False


def _texts(given: QueryDict) -> Iterable[str]:
    """Return the names and values of a query or a form."""
    for name, values in given.lists():
        yield name
        yield from map(str, values)


def _is_storable(texts: Iterable[str]) -> bool:
    """Return True if every database can store these texts: no NUL, no surrogates."""
    return not any(map(UNSTORABLE.search, texts))


def _followable(response: HttpResponse) -> HttpResponse:
    """Cut off the query of a redirect that is too long. A path that is too long can't be ours."""
    address = response.headers.get("Location", "")
    if len(address) > LONGEST_REDIRECT:
        path = address.partition("?")[0]
        response["Location"] = path if len(path) <= LONGEST_REDIRECT else "/"
    return response
