"""The published document: generated once in each process, with the address from which it is read."""

from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.urls import reverse

from chartero.openapi.generator import RouteGenerator
from partners.api.base_url import stated

EXAMPLE = "https://chartero.example"  # the server in a file that has no address of its own


class Published(NamedTuple):
    """The text of the document, and an entity tag that changes only with the text."""

    text: bytes
    tag: str


def document(server: str = "") -> dict[str, Any]:
    """Return the OpenAPI document with this server, or the configured one. Don't modify the result."""
    openapi, info, *rest = _contract().items()
    server = server or stated() or EXAMPLE
    whole = {"info": info[1] | _contact(), "servers": [_server(server)], **dict(rest)}
    docs = {"description": "Developer pages", "url": server + reverse("docs:start")}
    return {"openapi": openapi[1], **whole, "externalDocs": docs}


def text(server: str = "") -> bytes:
    """Return the document as served and written to a file: indented JSON with a final newline."""
    return published(server).text


def published(server: str = "") -> Published:
    """Return the text with its entity tag."""
    return _published(server or stated() or EXAMPLE, settings.CONTACT_EMAIL)


def _server(url: str) -> dict[str, str]:
    if url != EXAMPLE:
        return {"url": url}
    return {"url": url, "description": "An example. A deployment serves this document with its own address."}


def _contact() -> dict[str, Any]:
    return {"contact": {"email": settings.CONTACT_EMAIL}} if settings.CONTACT_EMAIL else {}


@lru_cache(maxsize=4)  # a deployment has one address, or a few
def _published(server: str, contact: str) -> Published:
    written = orjson.dumps(document(server), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Published(written, f'"{sha256(written).hexdigest()}"')


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = RouteGenerator().get_schema(public=True)
    return contract
