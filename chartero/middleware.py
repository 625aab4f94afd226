"""Two kinds of requests, told apart once: the partner API under `/external/`, and pages for people.

The API sees no session, cookie, message, CSRF or redirect; pages see the stock middleware of Django.
"""

from collections.abc import Callable
from typing import Any

from axes.middleware import AxesMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django_otp.middleware import OTPMiddleware

from chartero.policy import ContentPolicyMiddleware
from partners.identifiers import new_id
from partners.reasons import Reason
from partners.responses import error_response, fault_response
from partners.signin.middleware import SecondFactorMiddleware, SessionLimitsMiddleware

Handler = Callable[[HttpRequest], HttpResponse]


def is_external(request: HttpRequest) -> bool:
    """Tell whether the partner API has to answer this request."""
    return request.path_info == "/external" or request.path_info.startswith("/external/")


class ExternalApiMiddleware:
    """Give every answer under `/external/` its request id and headers, and keep every fault in the error body."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_external(request):
            return self.get_response(request)
        request.META["REQUEST_ID"] = new_id("req")
        response = self._answer(request)
        response["X-Request-ID"] = request.META["REQUEST_ID"]
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Length"] = str(len(response.content))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view or a renderer let escape."""
        return fault_response(exception, request.META["REQUEST_ID"]) if is_external(request) else None

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            request.get_host()
        except DisallowedHost:
            return error_response(Reason.BAD_REQUEST)
        return self.get_response(request)


def for_pages(middleware: type[Any]) -> type[Any]:
    """Return the middleware as it is, but passed by on the partner API."""

    class ForPages(middleware):  # type: ignore[misc]
        def __call__(self, request: HttpRequest) -> HttpResponse:
            handle: Handler = self.get_response if is_external(request) else super().__call__
            return handle(request)

    ForPages.__doc__ = middleware.__doc__
    return ForPages


PagesSecurityMiddleware = for_pages(SecurityMiddleware)
PagesPolicyMiddleware = for_pages(ContentPolicyMiddleware)
PagesSessionMiddleware = for_pages(SessionMiddleware)
PagesCommonMiddleware = for_pages(CommonMiddleware)
PagesCsrfMiddleware = for_pages(CsrfViewMiddleware)
PagesAuthenticationMiddleware = for_pages(AuthenticationMiddleware)
PagesDeviceMiddleware = for_pages(OTPMiddleware)
PagesMessageMiddleware = for_pages(MessageMiddleware)
PagesFrameMiddleware = for_pages(XFrameOptionsMiddleware)
PagesLockoutMiddleware = for_pages(AxesMiddleware)
PagesSessionLimitsMiddleware = for_pages(SessionLimitsMiddleware)
PagesSecondFactorMiddleware = for_pages(SecondFactorMiddleware)
