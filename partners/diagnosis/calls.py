"""Why does this call fail? Every check of a call that a partner describes, by the functions that answer real calls."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from partners.api.responses import ALLOWED_METHODS, Refusal, error_body
from partners.api.views import PartnerViewSet
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.decision.facts import SwitchMissing
from partners.decision.policy import AccessRequest, Check, CheckOutcome, every_check
from partners.diagnosis.request_lines import RequestLine
from partners.keys.in_text import without_tokens


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every check of a call in order, the answer that results, and the next blockers."""

    checks: list[Check]
    route: Route | None = None
    call: AccessRequest | None = None
    not_served: str = ""  # why a resource that exists is answered as not found, for staff who may know

    @property
    def refusal(self) -> Check | None:
        """Return the check that decides the answer, or None if all pass."""
        return next((check for check in self.checks if check.outcome is CheckOutcome.FAILED), None)

    @property
    def later(self) -> list[Check]:
        """Return the blockers that remain after the first one is fixed."""
        return [check for check in self.checks if check.outcome is CheckOutcome.FAILED][1:]

    @property
    def status(self) -> int:
        return 200 if self.refusal is None else self.refusal.reason.status

    @property
    def body(self) -> dict[str, str | None] | None:
        """Return the error body that the partner gets, or None if the call is served."""
        return None if self.refusal is None else error_body(self.refusal.reason, self.refusal.field)

    @property
    def answer(self) -> HttpResponse | None:
        """Return the error as it would be sent, or None if the call is served."""
        if self.refusal is None:
            return None
        scopes = () if self.route is None else self.route.scopes
        return Refusal(self.refusal.reason, self.refusal.field, scopes, None if self.call is None else self.call.wait)

    def to_show(self) -> "Diagnosis":
        """Return a copy without tokens, which may have been sent as query parameters."""
        checks = [replace(check, field=check.field and without_tokens(check.field)) for check in self.checks]
        return replace(self, checks=checks)


def diagnose(line: RequestLine, facts: Callable[[Route], AccessRequest]) -> Diagnosis:
    """Return the checks of a call. `facts` returns the facts of its credentials on a route. Nothing is recorded."""
    view, ids = _view(line.path)
    route = None if view is None else view.route
    edge = _failed(Reason.BAD_REQUEST, not _answers_for(line.host))
    edge += _failed(Reason.HTTPS_REQUIRED, settings.REQUIRE_HTTPS and line.scheme == "http")
    edge += _failed(Reason.ROUTE_NOT_FOUND, route is None)
    try:
        call = _whatever_route(facts) if route is None else facts(route)
    except SwitchMissing:
        return Diagnosis([*edge, Check(Reason.SERVICE_UNAVAILABLE, CheckOutcome.FAILED)], route)
    checks = [*edge, *every_check(call)]
    if view is not None:
        checks += _method(line.method), *view.checks(call, line.query_string, **ids)
    return Diagnosis(checks, route, call, "" if view is None else view.not_served(**ids))


def _view(path: str) -> tuple[PartnerViewSet | None, dict[str, Any]]:
    try:
        match = resolve(path)
    except Resolver404:
        return None, {}
    view_class = getattr(match.func, "cls", None)
    if view_class is None or not issubclass(view_class, PartnerViewSet):
        return None, {}
    return view_class(**vars(match.func)["initkwargs"]), match.kwargs


def _whatever_route(facts: Callable[[Route], AccessRequest]) -> AccessRequest:
    """Return the facts of a call on no route, in which all that depends on the route is unknown."""
    return replace(facts(next(iter(Route))), route_enabled=None, scopes=None)


def _method(method: str) -> Check:
    return Check(Reason.METHOD_NOT_ALLOWED, CheckOutcome.PASSED if method in ALLOWED_METHODS else CheckOutcome.FAILED)


def _answers_for(host: str | None) -> bool:
    """Return True if calls to this host are accepted. Without a host, the right one is assumed."""
    request = HttpRequest()
    request.META = {"HTTP_HOST": host}
    try:
        return host is None or bool(request.get_host())
    except DisallowedHost:
        return False


def _failed(reason: Reason, failed: bool) -> list[Check]:
    return [Check(reason, CheckOutcome.FAILED)] if failed else []
