"""The headers of responses: those that all have, and those that HTTP requires with a refusal."""

from typing import Any

from partners.api.responses import RETRY_AFTER_SECONDS, error_headers
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Scope
from partners.identifiers import pattern

ALWAYS = {
    "X-Request-ID": {
        "description": "The id of the call. Quote it when you contact support. An id that you send is ignored.",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{pattern('req')}$"},
    },
    "Cache-Control": {
        "description": "Responses must not be cached.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "X-Content-Type-Options": {
        "description": "The body has the type in `Content-Type`.",
        "required": True,
        "schema": {"type": "string", "const": "nosniff"},
    },
}
RETRY_AFTER = {
    "description": "Seconds to wait before you send the call again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 0},
    "example": RETRY_AFTER_SECONDS,
}
COMPONENTS = ALWAYS | {"Retry-After": RETRY_AFTER}
DESCRIPTIONS = {
    "WWW-Authenticate": "RFC 6750, section 3: the error in the credentials, or the scopes that the route requires.",
    "Allow": "The methods that every route supports.",
}


def always() -> dict[str, Any]:
    """Return the headers of every response."""
    return {name: _reference(name) for name in ALWAYS}


def of_refusals(reasons: list[Reason], scopes: tuple[Scope, ...]) -> dict[str, Any]:
    """Return the headers that refusals of one status add, with their values for these reasons."""
    sent = [error_headers(reason, scopes) for reason in reasons]
    names = dict.fromkeys(name for each in sent for name in each)
    return {name: _reference(name) if name in COMPONENTS else _one_of(name, sent) for name in names}


def _one_of(name: str, sent: list[dict[str, str]]) -> dict[str, Any]:
    values = list(dict.fromkeys(each[name] for each in sent if name in each))
    return {
        "description": DESCRIPTIONS[name],
        "required": all(name in each for each in sent),
        "schema": {"type": "string", "enum": values},
    }


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/headers/{name}"}
