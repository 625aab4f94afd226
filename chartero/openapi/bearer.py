"""The security of every route: an API key as bearer token, and the scopes that the key must have."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from chartero.openapi import prose
from partners.keys.tokens import LIVE_PREFIX

NAME = "api_key"


class BearerScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer <api_key>`. In OpenAPI 3.1, a bearer scheme can list the scopes of a route."""

    target_class = "partners.api.authentication.ApiKeyAuthentication"
    name = NAME

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": f"{LIVE_PREFIX}…",
            "description": prose.AUTHENTICATION,
        }

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]]:
        """Return every scope of the route."""
        return {NAME: [str(scope) for scope in auto_schema.view.route.scopes]}
