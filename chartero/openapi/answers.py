"""The responses of a route: its 200, and its refusals by status. Each reason comes from the rule that uses it."""

from itertools import groupby
from typing import Any

from chartero.openapi import examples, headers
from partners.api.filters import FIELD_LENGTH
from partners.api.responses import ERROR, JsonRenderer, error_body
from partners.api.views import PartnerViewSet
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.routes import Route
from partners.decision import policy

REFUSAL = "ErrorAnswer"  # not `Error`: generated code would shadow a built-in of JavaScript and other languages
CODES = "x-reason-codes"
UNKNOWN_PARAMETER = "page"


def of_route(view: PartnerViewSet, served: dict[str, Any]) -> dict[str, Any]:
    """Return the responses of a route by status. `served` is the schema of its 200."""
    by_status = groupby(sorted(reasons(view), key=lambda reason: reason.status), lambda reason: reason.status)
    refusals = {str(status): _refusal(view.route, list(group)) for status, group in by_status}
    return {"200": _served(view.route, served), **refusals}


def reasons(view: PartnerViewSet) -> list[Reason]:
    """Return every reason to refuse a call of a route, in the order of the checks."""
    access = [rule.reason for rule in policy.rules_of(view.route)]
    query = [check.reason for check in view.filterset_class.read("").checks]
    resource = [rule.reason for rule in view.rules]
    return list(dict.fromkeys([*access, *query, *resource, *_edge(view)]))


def components(view: PartnerViewSet) -> dict[str, dict[str, Any]]:
    """Return the components that the responses of a route refer to, by kind and name."""
    fields = {parameter.reason: name for name, parameter in reversed(view.filterset_class.base_filters.items())}
    fields[Reason.UNSUPPORTED_FILTER] = UNKNOWN_PARAMETER
    bodies = {reason.code: {"value": error_body(reason, fields.get(reason))} for reason in reasons(view)}
    return {"schemas": {REFUSAL: _error()}, "examples": bodies, "headers": headers.COMPONENTS}


def _edge(view: PartnerViewSet) -> list[Reason]:
    """Return the reasons outside the order of the checks. Only an id can turn a route's path into another path.

    A source that sends too many wrong keys is refused on every route, before the checks.
    """
    edge = [reason for reason in Reason if reason.stage in (Stage.LIMIT, Stage.EDGE)]
    return edge if "<" in view.route.path else [reason for reason in edge if reason is not Reason.ROUTE_NOT_FOUND]


def _served(route: Route, schema: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": schema, "example": examples.BODIES[route]}
    return {
        "description": "The requested data.",
        "headers": headers.always(),
        "content": {JsonRenderer.media_type: content},
    }


def _refusal(route: Route, found: list[Reason]) -> dict[str, Any]:
    codes = [reason.code for reason in found]
    return {
        "description": "\n".join(f"- `{reason.code}`: {reason.message}" for reason in found),
        "headers": headers.always() | headers.of_refusals(found, route.scopes),
        # The codes of this route and status. They are here because generators ignore keys beside a `$ref`.
        CODES: codes,
        "content": {
            JsonRenderer.media_type: {
                "schema": {"$ref": f"#/components/schemas/{REFUSAL}"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _error() -> dict[str, Any]:
    """Return the schema of the body of a refusal, with the keys of a real one."""
    told = {
        "error": {"type": "string", "const": ERROR, "description": "Always the same."},
        "reason_code": {
            "type": "string",
            "description": "Stable: branch on this. New codes may be added: treat an unknown code by its status.",
            "x-extensible-enum": [reason.code for reason in Reason],
        },
        "message": {"type": "string", "description": "An explanation for people. It may change."},
        "field": {
            "type": ["string", "null"],
            "maxLength": FIELD_LENGTH,
            "description": "The query parameter at fault, or null.",
        },
    }
    keys = list(error_body(Reason.INTERNAL_ERROR))
    return {
        "type": "object",
        "description": "The body of every response other than 200.",
        "properties": {key: told[key] for key in keys},
        "required": keys,
    }
