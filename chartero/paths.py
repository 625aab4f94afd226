"""Which part of chartero answers a path: the partner API, the public pages, or staff's pages."""

from django.http import HttpRequest


def is_external(request: HttpRequest) -> bool:
    """Tell whether the partner API has to answer this request."""
    return request.path_info == "/external" or request.path_info.startswith("/external/")


def is_public(request: HttpRequest) -> bool:
    """Return True if the answer is the same for everybody, signed in or not: what partners' engineers read."""
    return request.path_info == "/" or request.path_info.startswith(("/docs/", "/openapi/", "/.well-known/"))
