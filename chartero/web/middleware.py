"""The middleware for each kind of request: probes, the partner API under `/external/`, public pages, staff pages.

Probes are answered first. The API has no sessions, cookies, messages, CSRF or redirects. Public pages have no sessions,
cookies, messages or CSRF. Staff pages use the standard middleware of Django.
"""

from collections.abc import Callable
from typing import Any, cast

from axes.middleware import AxesMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.core.exceptions import DisallowedHost
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django_otp.middleware import OTPMiddleware

from chartero import health, logs
from chartero.metrics import page as metrics
from chartero.paths import is_external, is_public
from chartero.postgresql import plans, sessions
from chartero.postgresql.renewal import RENEWAL
from chartero.web import elsewhere, proxy, unreadable
from chartero.web.bodies import OwnSessionMiddleware
from chartero.web.content_policy import ContentPolicyMiddleware
from chartero.web.elsewhere import ServedMiddleware
from chartero.web.page_requests import ReadableRequestMiddleware
from chartero.web.proxy import HttpsMiddleware
from chartero.web.unavailable import DatabaseMiddleware
from partners.api.exchange import Exchange
from partners.api.responses import Refusal, fault_response
from partners.catalogue.reasons import Reason
from partners.record import ledger
from partners.signin.middleware import (
    FreshPasswordMiddleware,
    PasswordLineMiddleware,
    RefusedPageMiddleware,
    SecondFactorMiddleware,
    SessionLimitsMiddleware,
)

Handler = Callable[[HttpRequest], HttpResponse]
DATABASE_SECONDS = 2.2  # how long a call may wait for the database in total, a little longer than for one statement


class ProbeMiddleware:
    """Answer probes and `/metrics`, whatever their Host header, and pass on all other requests."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return health.answer(request) or metrics.answer(request) or self.get_response(request)


class ExternalApiMiddleware:
    """Give every response under `/external/` its request id, record and headers, and every fault its body."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._count = metrics.counting()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_external(request):
            return unreadable.page(request) or self.get_response(request)
        exchange = Exchange.begin(request)
        with logs.answering(exchange.request_id), plans.made_once(), sessions.within(DATABASE_SECONDS):
            response = self._on_record(request)
            ledger.note_off_record(request, response)
        response["X-Request-ID"] = exchange.request_id
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
        response["Content-Length"] = str(len(response.content))
        if self._count is not None:
            self._count(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an exception that a view or a renderer raised."""
        return fault_response(exception) if is_external(request) else None

    def _on_record(self, request: HttpRequest) -> HttpResponse:
        """Answer and record a call. Do it again if the database session turned out to be unusable."""
        answer = self._answer(request)
        if not _is_unfit(answer):
            answer = ledger.kept(request, answer)
        if _is_unfit(answer):
            RENEWAL.after(_fault(answer), connection)
            answer = ledger.confirmed(request, answer) or self._answer_again(request)
        return answer

    def _answer_again(self, request: HttpRequest) -> HttpResponse:
        Exchange.of(request).forget()
        return ledger.kept(request, self._answer(request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        return unreadable.refusal(request) or self._refused(request) or self.get_response(request)

    def _refused(self, request: HttpRequest) -> Refusal | None:
        """Return the refusal of a call that is wrong for any route: in this process, with this Host, or by http."""
        if refused := elsewhere.refusal(request):
            return refused
        try:
            request.get_host()
        except DisallowedHost:
            return Refusal(Reason.BAD_REQUEST)
        return None if proxy.is_private(request) else Refusal(Reason.HTTPS_REQUIRED)


def _is_unfit(answer: HttpResponse) -> bool:
    return sessions.is_unfit(_fault(answer))


def _fault(answer: HttpResponse) -> BaseException | None:
    fault: BaseException | None = getattr(answer, "fault", None)
    return fault


def for_pages(middleware: type[Any], passed_by: Callable[[HttpRequest], bool] = lambda request: False) -> type[Any]:
    """Return the middleware, skipped for the partner API and for requests that `passed_by` accepts.

    The partner API skips a whole series of them in one step.
    """

    class ForPages(middleware):  # type: ignore[misc]
        def __init__(self, get_response: Handler) -> None:
            super().__init__(get_response)
            # Django wraps each middleware with functools.wraps, which copies its attributes.
            self.past = getattr(get_response, "past", get_response)

        def __call__(self, request: HttpRequest) -> HttpResponse:
            if is_external(request):
                return cast(HttpResponse, self.past(request))
            handle: Handler = self.get_response if passed_by(request) else super().__call__
            return handle(request)

    ForPages.__doc__ = middleware.__doc__
    if hasattr(middleware, "process_view"):
        ForPages.process_view = _where_not_passed_by(middleware.process_view, passed_by)
    return ForPages


def _where_not_passed_by(process_view: Callable[..., Any], passed_by: Callable[[HttpRequest], bool]) -> Any:
    """Return the hook, skipped whenever its middleware is skipped. Django calls it separately."""

    def hook(self: Any, request: HttpRequest, *view: Any) -> HttpResponse | None:
        if is_external(request) or passed_by(request):
            return None
        return cast(HttpResponse | None, process_view(self, request, *view))

    return hook


def for_staff(middleware: type[Any]) -> type[Any]:
    """Return the middleware, skipped for the partner API and for public pages."""
    return for_pages(middleware, is_public)


PagesSecurityMiddleware = for_pages(SecurityMiddleware)
PagesPolicyMiddleware = for_pages(ContentPolicyMiddleware)
PagesHttpsMiddleware = for_pages(HttpsMiddleware)
PagesServedMiddleware = for_pages(ServedMiddleware)
PagesDatabaseMiddleware = for_pages(DatabaseMiddleware)
PagesSessionMiddleware = for_staff(OwnSessionMiddleware)
PagesReadableMiddleware = for_pages(ReadableRequestMiddleware)
PagesCommonMiddleware = for_pages(CommonMiddleware)
PagesCsrfMiddleware = for_staff(CsrfViewMiddleware)
PagesAuthenticationMiddleware = for_staff(AuthenticationMiddleware)
PagesDeviceMiddleware = for_staff(OTPMiddleware)
PagesMessageMiddleware = for_staff(MessageMiddleware)
PagesFrameMiddleware = for_pages(XFrameOptionsMiddleware)
PagesLockoutMiddleware = for_staff(AxesMiddleware)
PagesSessionLimitsMiddleware = for_staff(SessionLimitsMiddleware)
PagesSecondFactorMiddleware = for_staff(SecondFactorMiddleware)
PagesPasswordLineMiddleware = for_staff(PasswordLineMiddleware)
PagesFreshPasswordMiddleware = for_staff(FreshPasswordMiddleware)
PagesRefusedPageMiddleware = for_staff(RefusedPageMiddleware)
