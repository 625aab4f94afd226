"""The document as a whole: every route of the catalogue with both of its methods, and what is said of them all."""

from typing import Any

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from chartero.openapi import prose
from chartero.openapi.bearer import BearerScheme
from chartero.openapi.fields import InstantField, WordField
from partners.api import PartnerViewSet

# drf-spectacular finds these by their being imported.
EXTENSIONS = (BearerScheme, InstantField, WordField)


class RouteEnumerator(EndpointEnumerator):
    """Find the routes of the catalogue among the URLs, in the catalogue's order."""

    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        """Leave out every view that belongs to no route."""
        view = getattr(callback, "cls", None)
        return view is not None and issubclass(view, PartnerViewSet)


class RouteGenerator(SchemaGenerator):
    """Generate the document from the views of the routes."""

    endpoint_inspector_cls = RouteEnumerator

    def parse(self, input_request: Any, public: bool) -> dict[str, Any]:
        """Return the paths; every route that answers GET answers HEAD."""
        paths = super().parse(input_request, public)
        return {path: {"get": item["get"], "head": without_bodies(item["get"])} for path, item in paths.items()}

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        """Return the document, with the words that hold for all routes before them."""
        found = super().get_schema(request, public)
        told_apart(found["components"]["schemas"])
        info = found.pop("info") | {"description": prose.CONTRACT}
        return {"openapi": found.pop("openapi"), "info": info, "tags": prose.tags(), **found}


def without_bodies(operation: dict[str, Any]) -> dict[str, Any]:
    """Return HEAD of a route as its GET tells it."""
    answers = operation["responses"].items()
    return operation | {
        "operationId": f"{operation['operationId']}.head",
        "summary": f"{operation['summary']}: the headers alone",
        "description": prose.HEAD,
        "responses": {
            status: {key: part for key, part in answer.items() if key != "content"} for status, answer in answers
        },
    }


def told_apart(schemas: dict[str, Any]) -> None:
    """Say in each alternative of a polymorphic object which value of the discriminator is its own."""
    for schema in [each for each in schemas.values() if "discriminator" in each]:
        name = schema["discriminator"]["propertyName"]
        for value, reference in schema["discriminator"]["mapping"].items():
            schemas[reference.rpartition("/")[2]]["properties"][name] = {"type": "string", "const": value}
