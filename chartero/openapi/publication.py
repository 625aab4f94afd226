"""The document as it is published: made once in a process, and its one text."""

from functools import cache
from typing import Any

import orjson
from django.conf import settings

from chartero.openapi.generator import RouteGenerator


def document() -> dict[str, Any]:
    """Return the contract as one OpenAPI document with this deployment as its server; not to be changed."""
    openapi, info, *rest = _contract().items()
    return dict([openapi, info, ("servers", [{"url": settings.BASE_URL.rstrip("/") or "/"}]), *rest])


def text() -> bytes:
    """Return the document as it is served and written to a file: indented JSON with a newline at its end."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = RouteGenerator().get_schema(public=True)
    return contract
