"""The whole document: every route of the catalogue, the webhooks, and the description of the API."""

from typing import Any

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator

from chartero.openapi import prose, webhooks
from chartero.openapi.bearer import BearerScheme
from chartero.openapi.fields import InstantField, WordField
from partners.api.views import PartnerViewSet

# drf-spectacular finds these once they are imported.
EXTENSIONS = (BearerScheme, InstantField, WordField)


class RouteEnumerator(EndpointEnumerator):
    """Find the routes of the catalogue among the URLs, in the catalogue's order."""

    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        """Leave out views that don't belong to a route."""
        view = getattr(callback, "cls", None)
        return view is not None and issubclass(view, PartnerViewSet)


class RouteGenerator(SchemaGenerator):
    """Generate the document from the views of the routes."""

    endpoint_inspector_cls = RouteEnumerator

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        """Return the document, with the description of the API before the routes."""
        found: dict[str, Any] = super().get_schema(request, public)
        told_apart(found["components"]["schemas"])
        found["components"]["schemas"] |= webhooks.schemas()
        info = found.pop("info") | {"description": prose.CONTRACT}
        routes = {"paths": found.pop("paths"), "webhooks": webhooks.paths()}
        return {"openapi": found.pop("openapi"), "info": info, "tags": prose.tags(), **routes, **found}


def told_apart(schemas: dict[str, Any]) -> None:
    """Give each alternative of a polymorphic object its value of the discriminator."""
    for schema in [each for each in schemas.values() if "discriminator" in each]:
        name = schema["discriminator"]["propertyName"]
        for value, reference in schema["discriminator"]["mapping"].items():
            schemas[reference.rpartition("/")[2]]["properties"][name] = {"type": "string", "const": value}
