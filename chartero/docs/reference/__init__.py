"""The API reference: the published OpenAPI document, prepared for a page."""
