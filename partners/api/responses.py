"""The answers of the API. They are always JSON, and one function makes every error body."""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from django import db
from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Scope
from partners.formats import traces

logger = logging.getLogger(__name__)

ERROR = "api_key_validation_failed"
REALM = 'Bearer realm="external"'
RETRY_AFTER_SECONDS, LONGEST_WAIT = 5, 60  # for 503, and for 429 at most
ALLOWED_METHODS = ("GET", "HEAD")


class JsonRenderer(BaseRenderer):
    """UTF-8 JSON. Times are RFC 3339 in UTC with `Z`, with a fraction of six digits only if it isn't zero."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: str | None = None, context: Mapping[str, Any] | None = None) -> bytes:
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class JsonOnly(BaseContentNegotiation):
    """Answer with JSON, whatever `Accept` says."""

    def select_parser(self, request: Request, parsers: Any) -> None:
        """Parse no body."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


def error_body(reason: Reason, field: str | None = None) -> dict[str, str | None]:
    """Return the body of an answer that isn't 200."""
    return {"error": ERROR, "reason_code": reason.code, "message": reason.message, "field": field}


def error_headers(reason: Reason, scopes: tuple[Scope, ...] = (), wait: int | None = None) -> dict[str, str]:
    """Return the headers that HTTP requires: RFC 6750 section 3, RFC 9110 sections 10.2.1 and 10.2.3.

    `wait`: the seconds until a limit allows another call, if they are known.
    """
    if reason is Reason.MISSING_BEARER:
        return {"WWW-Authenticate": REALM}
    if reason is Reason.MISSING_SCOPE:
        return {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'}
    if reason.status == 401:
        return {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
    if reason.status == 429:
        return {"Retry-After": str(wait or LONGEST_WAIT)}
    if reason.status == 503:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {"Allow": ", ".join(ALLOWED_METHODS)} if reason.status == 405 else {}


class Refusal(HttpResponse):
    """The answer for a reason code.

    `fault`: the exception behind it. `off_record`: the ledger couldn't record it. `withheld`: the answer that this one
    replaces then.
    """

    fault: Exception | None = None
    off_record = False
    withheld: HttpResponse | None = None

    def __init__(
        self,
        reason: Reason,
        field: str | None = None,
        scopes: tuple[Scope, ...] = (),
        wait: int | None = None,
    ) -> None:
        super().__init__(
            orjson.dumps(error_body(reason, field)),
            content_type=JsonRenderer.media_type,
            status=reason.status,
            headers=error_headers(reason, scopes, wait),
        )
        self.reason = reason
        self.field = field


def fault_response(fault: Exception, reason: Reason | None = None) -> Refusal:
    """Return the answer for a fault of ours, and log where it arose but not its text: it may quote a row or a token."""
    if reason is None:
        reason = Reason.SERVICE_UNAVAILABLE if is_unavailable(fault) else Reason.INTERNAL_ERROR
    facts = {"reason_code": reason.code, "exception": traces.kind(fault), "where": traces.place(fault)}
    logger.error("a call failed", extra=facts)
    refusal = Refusal(reason)
    refusal.fault = fault
    return refusal


def is_unavailable(fault: Exception) -> bool:
    """Return True if the database is unreachable, busy or broken; False for a wrong statement of ours."""
    return isinstance(fault, db.Error) and not isinstance(fault, db.DataError | db.IntegrityError)
