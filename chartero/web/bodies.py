"""What pages accept: forms of limited size, a file on one page, and the cookies of our own sessions."""

import re
from typing import Any

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from chartero.paths import TAKES_FILE, longest_body

_SESSION_KEY = re.compile(r"[0-9a-z]{32}")


class FewUploads(MemoryFileUploadHandler):
    """Keep a file in memory on the page that takes one. On others, refuse a form with a file as soon as it begins.

    A large form is refused before it is read.
    """

    def handle_raw_input(self, input_data: Any, meta: dict[str, Any], content_length: int, *rest: Any) -> None:
        if content_length > longest_body(self._path):
            raise RequestDataTooBig("A form is bigger than its page accepts.")
        super().handle_raw_input(input_data, meta, content_length, *rest)

    def new_file(self, *arguments: Any, **values: Any) -> None:
        if self._path != TAKES_FILE:
            raise BadRequest("This page takes no file.")
        super().new_file(*arguments, **values)

    @property
    def _path(self) -> str:
        return self.request.path_info if self.request else ""


class OwnSessionMiddleware(SessionMiddleware):
    """Django's sessions, but a cookie that can't be a session key is ignored without asking the database."""

    def process_request(self, request: HttpRequest) -> None:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        super().process_request(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what a page can't accept (`handler400`). Django's own view would read the form again, and fail."""
    return render(request, "400.html", status=413 if isinstance(exception, RequestDataTooBig) else 400)
