"""The document as it is published: made once in a process, and written once as text."""

from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from chartero.openapi.generator import RouteGenerator


class Published(NamedTuple):
    """The document as it is served, and the entity tag that changes with the text alone."""

    text: bytes
    tag: str


def document() -> dict[str, Any]:
    """Return the contract as one OpenAPI document with this deployment as its server; not to be changed."""
    return _document(_server())


def text() -> bytes:
    """Return the document as it is served and written to a file: indented JSON with a newline at its end."""
    return published().text


def published() -> Published:
    """Return the text with its tag."""
    return _published(_server())


def _server() -> str:
    """Return where the API is: the stated address, else whatever host the document was fetched from."""
    return settings.BASE_URL.rstrip("/") or "/"


@lru_cache(maxsize=1)  # a deployment has one address
def _published(server: str) -> Published:
    written = orjson.dumps(_document(server), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Published(written, f'"{sha256(written).hexdigest()}"')


def _document(server: str) -> dict[str, Any]:
    openapi, info, *rest = _contract().items()
    return dict([openapi, info, ("servers", [{"url": server}]), *rest])


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = RouteGenerator().get_schema(public=True)
    return contract
