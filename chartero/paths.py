"""Which part of chartero serves a path: the partner API, the public pages, or the pages for staff."""

from django.http import HttpRequest


def is_external(request: HttpRequest) -> bool:
    """Return True if this request is for the partner API."""
    return request.path_info == "/external" or request.path_info.startswith("/external/")


def is_public(request: HttpRequest) -> bool:
    """Return True if the page is public: the same for everyone, signed in or not."""
    return request.path_info == "/" or request.path_info.startswith(("/docs/", "/openapi/", "/.well-known/"))
