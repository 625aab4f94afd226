"""The published contract: OpenAPI 3.1, generated from the catalogues and the serializers of the API."""

from chartero.openapi.publication import document, text

__all__ = ["document", "text"]
