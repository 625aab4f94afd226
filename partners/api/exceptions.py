"""The exception by which a view refuses a call, and the handler that turns exceptions into answers."""

from typing import Any

from django.http import HttpResponse
from rest_framework.exceptions import APIException, MethodNotAllowed

from partners.api.responses import Refusal, fault_response
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Scope


class AccessDenied(APIException):
    """A refusal: the reason, the query parameter at fault, the scopes that the route requires, the seconds to wait."""

    def __init__(
        self, reason: Reason, *, field: str | None = None, scopes: tuple[Scope, ...] = (), wait: int | None = None
    ) -> None:
        super().__init__(reason.message, reason.code)
        self.status_code = reason.status
        self.reason = reason
        self.field = field
        self.scopes = scopes
        self.wait = wait


def answer(exception: Exception, context: dict[str, Any]) -> HttpResponse:
    """Return the answer for any exception that a view raises (DRF's `EXCEPTION_HANDLER`)."""
    if isinstance(exception, AccessDenied):
        return Refusal(exception.reason, exception.field, exception.scopes, exception.wait)
    if isinstance(exception, MethodNotAllowed):
        return Refusal(Reason.METHOD_NOT_ALLOWED)
    return fault_response(exception)
