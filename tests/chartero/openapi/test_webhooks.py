"""The webhooks of the document, against a second copy of the contract."""

import re

from chartero import openapi
from chartero.docs.pages import Page
from tests import published

NAMES = ["ChartHero-Event-Id", "ChartHero-Delivery-Id", "ChartHero-Timestamp", "ChartHero-Webhook-Version"]
NAMES += ["ChartHero-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"]


def operation():
    return openapi.document()["webhooks"]["recording.transcript_ready"]["post"]


def test_the_public_event_and_no_other():
    assert [*openapi.document()["webhooks"]] == ["recording.transcript_ready"]
    assert "webhook.endpoint_test" not in openapi.text().decode()


def test_the_example_is_what_the_schema_says():
    content = operation()["requestBody"]["content"]["application/json"]
    assert published.validator(published.closed(content["schema"])).is_valid(content["example"])
    assert [*content["example"]] == ["id", "type", "api_version", "occurred_at", "organization_id", "resources"]
    assert [*content["example"]["resources"]] == ["encounter_id", "document_id"]


def test_the_headers_and_the_answers_of_the_contract():
    described = operation()
    assert [each["name"] for each in described["parameters"]] == NAMES
    assert [*described["responses"]] == ["2XX", "410", "default"]
    assert described["security"] == []


def test_the_reference_shows_the_event_its_headers_and_the_answers(client):
    html = client.get(Page.REFERENCE.url).text
    section = re.search(r'<h3 id="webhook-recording_transcript_ready">.*?</section>', html, re.DOTALL)[0]
    assert all(f"<code>{name}</code>" in section for name in NAMES)
    assert all(status in section for status in ("Any 2xx", "410", "Any other, or none"))
    assert "object-TranscriptReadyEvent" in section
