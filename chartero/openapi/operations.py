"""One route of the catalogue as an operation: its names, parameters and responses."""

import inspect
from typing import Any, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from chartero.openapi import answers, parameters, prose
from partners.api.views import PartnerViewSet
from partners.catalogue.routes import Route


class RouteSchema(AutoSchema):
    """The operation of a view of the partner API (DRF's `DEFAULT_SCHEMA_CLASS`)."""

    @property
    def answering(self) -> PartnerViewSet:
        return cast(PartnerViewSet, self.view)

    @property
    def route(self) -> Route:
        return self.answering.route

    def get_operation_id(self) -> str:
        return prose.operation_id(self.route)

    def get_summary(self) -> str:
        """Return the docstring of the action."""
        return inspect.cleandoc(getattr(self.view, self.answering.action).__doc__).removesuffix(".")

    def get_description(self) -> str:  # type: ignore[override]
        """Return what the contract says about the route, and its required scopes."""
        return prose.of_route(self.route)

    def get_tags(self) -> list[str]:
        """Return the group of the route: the first part of its name."""
        return [prose.tag(self.route)]

    def _get_parameters(self) -> list[dict[str, Any]]:
        return [*parameters.in_path(self.path), *parameters.in_query(self.answering.filterset_class)]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        for kind, components in answers.components(self.answering).items():
            for name, schema in components.items():
                self.registry.register_on_missing(ResolvedComponent(name, kind, schema, name))
        return answers.of_route(self.answering, self.resolve_serializer(self.answering.serializer_class, direction).ref)
