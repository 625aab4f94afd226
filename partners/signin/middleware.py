"""What holds on every page for people, so that none can forget it.

Sessions end, the second factor is proved, the password is fresh before anything is changed, and a page that is refused
is on record.
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
from partners.signin.guards import freshness, second_factor, sessions
from partners.signin.pages import here, onward

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
    """End a session that is too old or was left alone, and say so on the page where one signs in again."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            if why := sessions.over(request.session):
                logout(request)
                messages.info(request, why)
            else:
                sessions.note_use(request.session)
        return self.get_response(request)


class SecondFactorMiddleware:
    """Send who has given no more than a password to the second factor, from every page but those that lead there."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECOND_FACTOR and request.user.is_authenticated and not self._may_pass(request):
            return onward("signin:code", then=here(request))
        return self.get_response(request)

    def _may_pass(self, request: HttpRequest) -> bool:
        return second_factor.is_verified(request) or request.path in map(reverse, BEFORE_THE_SECOND_FACTOR)


class RightsMiddleware:
    """Ask for a fresh password before any form of who is signed in, and record each page that their role lacks.

    A form is asked for once its CSRF token was checked: the page that asks sends it on under a new one.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in place of the view while the proof is missing, but for the few listed pages."""
        if request.method in freshness.SAFE or not _is_signed_in(request):
            return None
        match = request.resolver_match
        return None if match and match.view_name in freshness.WITHOUT_PROOF else freshness.asked(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Put on record that somebody may not open a page."""
        if isinstance(exception, PermissionDenied) and _is_signed_in(request):
            trail.note_refused_page(request)


def _is_signed_in(request: HttpRequest) -> bool:
    """Return True if there is a person; the API and the pages for all know none."""
    person = getattr(request, "user", None)
    return person is not None and person.is_authenticated
