"""The rules that apply to every staff page, in middleware so that no page can forget them.

Sessions end, the second factor is required, a change needs a fresh password, and refused pages are recorded.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from partners.signin import trail
from partners.signin.base import busy, here, onward
from partners.signin.guards import freshness, hashing, second_factor, sessions

Handler = Callable[[HttpRequest], HttpResponse]
BEFORE_THE_SECOND_FACTOR = (
    "admin:login",
    "admin:logout",
    "signin:code",
    "signin:recovery",
    "signin:enrol",
    "signin:qr",
    "signin:password",
)


class SessionLimitsMiddleware:
    """End a session that is too old or idle, and say why on the sign-in page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            if why := sessions.over(request.session):
                logout(request)
                messages.info(request, why)
            else:
                sessions.note_use(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Redirect a person who has given only a password to the second factor, except from the pages that lead there."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECOND_FACTOR and request.user.is_authenticated and not self._may_pass(request):
            return onward("signin:code", then=here(request))
        return self.get_response(request)

    def _may_pass(self, request: HttpRequest) -> bool:
        return second_factor.is_verified(request) or request.path in map(reverse, BEFORE_THE_SECOND_FACTOR)


class PasswordLineMiddleware:
    """Limit how long a page waits to hash a password. Ask people to try again if it would take longer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with hashing.patience():
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer a sign-in at once if the line is full, so that a flood of them asks no database."""
        match = request.resolver_match
        signs_in = request.method == "POST" and match is not None and match.view_name == "admin:login"
        return busy(request) if signs_in and hashing.LINE.is_full() else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer in place of a view whose password was not hashed."""
        return busy(request) if isinstance(exception, hashing.Busy) else None


class FreshPasswordMiddleware:
    """Ask for a fresh password before any form is accepted.

    It runs in `process_view`, after the CSRF check, because the page that asks sends the form on with a new CSRF token.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in place of the view while the proof is missing, except on the pages in `WITHOUT_PROOF`."""
        if request.method in freshness.SAFE or not _is_signed_in(request):
            return None
        match = request.resolver_match
        if match and match.view_name in freshness.WITHOUT_PROOF:
            return None
        try:
            return freshness.password_page(request)
        except hashing.Busy:
            return busy(request)


class RefusedPageMiddleware:
    """Record each page that a person was refused because their role doesn't include it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Record that a person was refused a page."""
        if isinstance(exception, PermissionDenied) and _is_signed_in(request):
            trail.note_refused_page(request)


def _is_signed_in(request: HttpRequest) -> bool:
    """Return True if a person is signed in; requests to the API and to public pages have no user."""
    person = getattr(request, "user", None)
    return person is not None and person.is_authenticated
