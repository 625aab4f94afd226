"""The webhooks of the OpenAPI document, as a page shows them."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from chartero import openapi
from chartero.docs.reference.objects import Type, type_of
from chartero.openapi.webhooks import JSON


@dataclass(frozen=True, slots=True)
class Header:
    """One header of an event."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """One type of event: what is sent, and what each answer of the receiver means."""

    id: str
    type: str
    summary: str
    headers: tuple[Header, ...]
    body: Type
    example: str
    answers: tuple[tuple[str, str], ...]


@cache
def every() -> tuple[Webhook, ...]:
    """Return every webhook in the order of the document."""
    return tuple(_webhook(name, item["post"]) for name, item in openapi.document()["webhooks"].items())


def _webhook(name: str, operation: dict[str, Any]) -> Webhook:
    content = operation["requestBody"]["content"][JSON]
    answers = ((_status(status), each["description"]) for status, each in operation["responses"].items())
    return Webhook(
        id=f"webhook-{operation['operationId']}",
        type=name,
        summary=operation["summary"],
        headers=tuple(Header(each["name"], each["description"]) for each in operation["parameters"]),
        body=type_of(content["schema"]),
        example=json.dumps(content["example"], indent=2),
        answers=tuple(answers),
    )


def _status(status: str) -> str:
    return {"2XX": "Any 2xx", "default": "Any other, or none"}.get(status, status)
