"""What pages accept: forms of limited size without files, and the cookies of our own sessions."""

import re
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_SESSION_KEY = re.compile(r"[0-9a-z]{32}")


class NoUploads(FileUploadHandler):
    """Refuse a form with a file as soon as the file begins, and a large form before it is read."""

    def handle_raw_input(self, input_data: Any, meta: dict[str, Any], content_length: int, *rest: Any) -> None:
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("A form is bigger than DATA_UPLOAD_MAX_MEMORY_SIZE.")

    def new_file(self, *arguments: Any, **values: Any) -> NoReturn:
        raise BadRequest("No page takes a file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Do nothing: no file gets this far."""

    def file_complete(self, file_size: int) -> None:
        """Return no file."""


class OwnSessionMiddleware(SessionMiddleware):
    """Django's sessions, but a cookie that can't be a session key is ignored without asking the database."""

    def process_request(self, request: HttpRequest) -> None:
        if not _SESSION_KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        super().process_request(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what a page can't accept (`handler400`). Django's own view would read the form again, and fail."""
    return render(request, "400.html", status=413 if isinstance(exception, RequestDataTooBig) else 400)
