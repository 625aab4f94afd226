"""Which part of chartero serves a path: the partner API, the public pages, or the pages for staff."""

import re

from django.http import HttpRequest

ALL, PARTNERS, STAFF = SERVES = ("all", "partners", "staff")  # what a process may serve: `CHARTERO_SERVES`
_FOR_STAFF = re.compile("/(?:admin|signin)(?:/|$)")
_PUBLIC = ("/docs/", "/openapi/", "/.well-known/", "/secret-scanning/", "/collect/")
_FOR_PARTNERS = ("/media/audio/", "/collect/")
TAKES_FILE = "/admin/leaks/"  # the one page that takes a file
LONGEST_BODY = 256 * 1024  # bytes
LONGEST_FILE = 1024 * 1024


def is_external(request: HttpRequest) -> bool:
    """Return True if this request is for the partner API."""
    return request.path_info == "/external" or request.path_info.startswith("/external/")


def is_public(request: HttpRequest) -> bool:
    """Return True if the page is public: the same for everyone, signed in or not. So is what scanners send."""
    return request.path_info == "/" or request.path_info.startswith(_PUBLIC)


def is_served(request: HttpRequest, serves: str) -> bool:
    """Return True if a process that serves only this part may answer.

    Every process serves the public pages, but only those for partners the page where they collect a key.
    """
    if serves == PARTNERS:
        return not _FOR_STAFF.match(request.path_info)
    return serves == ALL or not (is_external(request) or request.path_info.startswith(_FOR_PARTNERS))


def longest_body(path: str) -> int:
    """Return how many bytes the body of a request for this path may have: with a file, the form around it too."""
    return LONGEST_FILE + LONGEST_BODY if path == TAKES_FILE else LONGEST_BODY
