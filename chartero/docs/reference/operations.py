"""The routes: the operations of the OpenAPI document, with the catalogue's routes and reasons in place of names."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from chartero import openapi
from chartero.docs.examples import Example
from chartero.docs.reference import calls
from chartero.docs.reference.objects import Type, type_of
from chartero.openapi import prose
from chartero.openapi.answers import CODES
from chartero.openapi.headers import ALWAYS
from partners.api.responses import JsonRenderer
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route

SERVED = "200"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: in the path, where it is required, or in the query, where it isn't."""

    name: str
    place: str
    type: Type
    default: Any
    meaning: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refusals of one status: their reasons, and the headers that only they have."""

    status: int
    reasons: tuple[Reason, ...]
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with everything that the reference says about it."""

    id: str
    route: Route
    path: str
    summary: str
    about: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    served: Type
    body: str
    refusals: tuple[Refusals, ...]
    examples: list[Example]
    variables: list[str]


@dataclass(frozen=True, slots=True)
class Group:
    """The routes about one subject."""

    name: str
    meaning: str
    operations: tuple[Operation, ...]


@cache
def every() -> tuple[Operation, ...]:
    """Return every route in the order of the document."""
    routes = {prose.operation_id(route): route for route in Route}
    described = [(path, each) for path, item in openapi.document()["paths"].items() for each in item.values()]
    return tuple(_operation(path, routes[each["operationId"]], each) for path, each in described)


@cache
def groups() -> tuple[Group, ...]:
    """Return every route by its group."""
    return tuple(
        Group(tag["name"], tag["description"], tuple(each for each in every() if prose.tag(each.route) == tag["name"]))
        for tag in openapi.document()["tags"]
    )


def _operation(path: str, route: Route, operation: dict[str, Any]) -> Operation:
    served = operation["responses"][SERVED]["content"][JsonRenderer.media_type]
    return Operation(
        id=operation["operationId"],
        route=route,
        path=path,
        summary=operation["summary"],
        about=tuple(prose.about(route).split("\n\n")),
        parameters=tuple(_parameter(each) for each in operation.get("parameters", [])),
        served=type_of(served["schema"]),
        body=json.dumps(served["example"], indent=2),
        refusals=tuple(
            _refusals(status, answer) for status, answer in operation["responses"].items() if status != SERVED
        ),
        examples=calls.of(path),
        variables=calls.variables(path),
    )


def _parameter(described: dict[str, Any]) -> Parameter:
    schema = described["schema"]
    return Parameter(
        described["name"], described["in"], type_of(schema), schema.get("default"), described["description"]
    )


def _refusals(status: str, answer: dict[str, Any]) -> Refusals:
    reasons = tuple(Reason.coded(code) for code in answer[CODES])
    return Refusals(int(status), reasons, tuple(name for name in answer["headers"] if name not in ALWAYS))
