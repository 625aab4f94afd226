"""The headers of the answers: those that each carries, and those that HTTP asks for beside a refusal."""

from typing import Any

from partners.api.responses import RETRY_AFTER_SECONDS, error_headers
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Scope
from partners.identifiers import pattern

ALWAYS = {
    "X-Request-ID": {
        "description": "Made here for each call. Quote it to support; one that comes in is never taken over.",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{pattern('req')}$"},
    },
    "Cache-Control": {
        "description": "No answer may be kept by a cache.",
        "required": True,
        "schema": {"type": "string", "const": "no-store"},
    },
    "X-Content-Type-Options": {
        "description": "The body is what its `Content-Type` says.",
        "required": True,
        "schema": {"type": "string", "const": "nosniff"},
    },
}
RETRY_AFTER = {
    "description": "Seconds to wait before the same call is sent again.",
    "required": True,
    "schema": {"type": "integer", "minimum": 0},
    "example": RETRY_AFTER_SECONDS,
}
COMPONENTS = ALWAYS | {"Retry-After": RETRY_AFTER}
DESCRIPTIONS = {
    "WWW-Authenticate": "RFC 6750, section 3: what is wrong with the credentials, or which scopes the route requires.",
    "Allow": "The methods that every route answers.",
}


def always() -> dict[str, Any]:
    """Return the headers of every answer."""
    return {name: _reference(name) for name in ALWAYS}


def of_refusals(reasons: list[Reason], scopes: tuple[Scope, ...]) -> dict[str, Any]:
    """Return the headers that refusals of one status add, with the values that they have for these reasons."""
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
