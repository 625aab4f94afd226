"""The webhooks of the document: what is sent to a partner's endpoint, with which headers, and what its answers do."""

from typing import Any

from chartero.openapi.examples import BODIES
from chartero.openapi.fields import INSTANT
from partners.catalogue.events import API_VERSION, EventType
from partners.catalogue.routes import Route

JSON = "application/json"
EVENT, RESOURCES = "TranscriptReadyEvent", "TranscriptReadyResources"
TOLERANCE = 300  # seconds
_TRANSCRIPT = BODIES[Route.DOCUMENTS_TRANSCRIPT]

EXAMPLE = {
    "id": "evt_4Zb8RkQm2TnX6WcV1LpYdF",
    "type": EventType.TRANSCRIPT_READY.value,
    "api_version": API_VERSION,
    "occurred_at": "2026-05-25T15:00:00Z",
    "organization_id": "org_7Df4",
    "resources": {"encounter_id": _TRANSCRIPT["encounter_id"], "document_id": _TRANSCRIPT["document_id"]},
}
HEADERS = {
    "ChartHero-Event-Id": "Equals `id` in the body. Use it to recognize an event that you already have.",
    "ChartHero-Delivery-Id": "The id of this delivery, the same in every attempt. Include it when you ask for help.",
    "ChartHero-Timestamp": f"The time of this attempt, in Unix seconds. Refuse it if over {TOLERANCE} seconds off.",
    "ChartHero-Webhook-Version": "Equals `api_version` in the body. Refuse a version that you don't know.",
    "ChartHero-Signature": "`v1=` and the HMAC-SHA256, in hex, of the timestamp, a dot and the raw body.",
    "webhook-id": "The id of the event, for libraries that implement Standard Webhooks.",
    "webhook-timestamp": "The time of this attempt, for those libraries.",
    "webhook-signature": "One or more signatures for those libraries, separated by spaces.",
}
ABOUT = f"""\
Sent when the transcript of an ambient encounter becomes final and your organization can read it. The event holds ids
only. Read the transcript with the route `{Route.DOCUMENTS_TRANSCRIPT.route_name}`.

Answer with any 2xx status as soon as you have stored the event. Anything else, including a redirect, is a failure, and
the event is sent again: after 5 seconds, 5 and 30 minutes, then after 2, 5, 10, 14, 20 and 24 hours. `Retry-After` is
respected within this schedule. An event can arrive more than once, and events can arrive in any order."""


def paths() -> dict[str, Any]:
    """Return the public events, each with the request that an endpoint receives."""
    return {EventType.TRANSCRIPT_READY.value: {"post": _transcript_ready()}}


def schemas() -> dict[str, Any]:
    """Return the objects of the events."""
    return {
        EVENT: _object(
            "A transcript is ready to be read.",
            id=_text("The id of the event, the same in every attempt."),
            type={"type": "string", "const": EventType.TRANSCRIPT_READY.value, "description": "What happened."},
            api_version={"type": "string", "const": API_VERSION, "description": "The version of this object."},
            occurred_at={
                "type": "string",
                "format": "date-time",
                "pattern": INSTANT,
                "description": "When the transcript became final here.",
            },
            organization_id=_text("Your organization."),
            resources={"$ref": f"#/components/schemas/{RESOURCES}"},
        ),
        RESOURCES: _object(
            "The ids to read the transcript with.",
            encounter_id=_text("The id of the encounter."),
            document_id=_text("The id of the ambient transcript."),
        ),
    }


def _transcript_ready() -> dict[str, Any]:
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{EVENT}"}, "example": EXAMPLE}}
    return {
        "operationId": "recording_transcript_ready",
        "summary": "A transcript is ready",
        "description": ABOUT,
        "tags": ["documents"],
        "security": [],  # the signature says who sent it
        "parameters": [_header(name, meaning) for name, meaning in HEADERS.items()],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "2XX": {"description": "You have the event. It is not sent again."},
            "410": {"description": "You don't want any more events. The endpoint is switched off."},
            "default": {"description": "You don't have the event. It is sent again later."},
        },
    }


def _header(name: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}}


def _text(description: str) -> dict[str, str]:
    return {"type": "string", "description": description}


def _object(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties, "required": [*properties]}
