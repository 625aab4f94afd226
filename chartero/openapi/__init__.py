"""The published contract: OpenAPI 3.1, made from the catalogues and the serializers that answer the calls."""

from chartero.openapi.publication import document, text

__all__ = ["document", "text"]
