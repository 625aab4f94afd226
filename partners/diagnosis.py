"""Why does this call fail? Every check of a call as a partner describes it, by the functions that answer the call."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import ValidationError
from django.urls import Resolver404, resolve

from partners.access import POLICY, AccessRequest, Check, Outcome, explain
from partners.api import PartnerViewSet
from partners.reasons import Reason
from partners.responses import ALLOWED_METHODS, error_body
from partners.routes import Route

_REQUEST_LINE = re.compile(
    r"(?P<method>[A-Za-z]+) +(?:https?://[^/\s]+)?(?P<path>/external(?:/[^?#\s]*)?)"
    r"(?:\?(?P<query>[^#\s]*))?(?:#\S*)?(?: +HTTP/[0-9.]+)?"
)


@dataclass(frozen=True, slots=True)
class RequestLine:
    """The first line of a call: method, decoded path and raw query string (RFC 9112, section 3)."""

    method: str
    path: str
    query_string: str

    @classmethod
    def parse(cls, text: str) -> "RequestLine":
        """Read a line as a partner gives it, with a whole URL or a path; ValidationError if it is none."""
        match = _REQUEST_LINE.fullmatch(text.strip())
        if match is None:
            raise ValidationError("Give the request as 'GET /external/v1/…', one line.", code="invalid_request_line")
        return cls(match["method"].upper(), unquote(match["path"]), match["query"] or "")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every check of a call in order, the answer that follows, and what would refuse it next."""

    checks: list[Check]

    @property
    def refusal(self) -> Check | None:
        """Return the check that decides the answer, or None where all pass."""
        return next((check for check in self.checks if check.outcome is Outcome.FAILED), None)

    @property
    def later(self) -> list[Check]:
        """Return what would refuse the call once the first refusal is gone."""
        return [check for check in self.checks if check.outcome is Outcome.FAILED][1:]

    @property
    def status(self) -> int:
        """Return the HTTP status that the partner gets."""
        return 200 if self.refusal is None else self.refusal.reason.status

    @property
    def body(self) -> dict[str, str | None] | None:
        """Return the error body that the partner gets, or None where the call is served."""
        return None if self.refusal is None else error_body(self.refusal.reason, self.refusal.field)


def diagnose(line: RequestLine, facts: Callable[[Route], AccessRequest]) -> Diagnosis:
    """Judge a call whose credentials have these facts on a route; it serves nothing and records nothing."""
    view, ids = _view(line.path)
    if view is None or view.route is None:
        return Diagnosis([Check(Reason.ROUTE_NOT_FOUND, Outcome.FAILED)])
    call = facts(view.route)
    method = [] if line.method in ALLOWED_METHODS else [Check(Reason.METHOD_NOT_ALLOWED, Outcome.FAILED)]
    return Diagnosis([*explain(POLICY, call), *method, *view.checks(call, line.query_string, **ids)])


def _view(path: str) -> tuple[PartnerViewSet | None, dict[str, Any]]:
    try:
        match = resolve(path)
    except Resolver404:
        return None, {}
    view_class = getattr(match.func, "cls", None)
    if view_class is None or not issubclass(view_class, PartnerViewSet):
        return None, {}
    return view_class(**vars(match.func)["initkwargs"]), match.kwargs
