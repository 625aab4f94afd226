"""What staff change about an endpoint, what each change records, and what is refused."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from partners.catalogue.events import EventType
from partners.keys.digests import DigestKeyUnavailable
from partners.models import OffWhy, WebhookAttempt, WebhookEndpoint
from partners.models.change import Action, Change, ChangeEvent
from tests.factories import CHANGE, START, OrganizationFactory
from tests.partners.support.webhooks import URL, added, delivery_to, event_for

pytestmark = pytest.mark.django_db
NO_REASON = Change(by="tester", source="tests")


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    return added(organization)


def recorded(action: Action) -> dict:
    return ChangeEvent.objects.get(action=action).after


def test_an_endpoint_is_added_on_and_on_record(endpoint, organization):
    assert (endpoint.is_on, endpoint.events, str(endpoint)) == (True, ["recording.transcript_ready"], URL)
    assert recorded(Action.WEBHOOK_ADDED)["endpoint"] == endpoint.public_id
    assert list(organization.webhook_endpoints.on()) == [endpoint]


@pytest.mark.parametrize(
    "url",
    ["http://receiver.example/", "HTTP://receiver.example/", "https://", "https://user@receiver.example/", "x" * 501],
)
def test_a_url_that_no_endpoint_can_have_is_refused(organization, url):
    with pytest.raises(ValidationError) as refusal:
        added(organization, url)
    assert "url" in refusal.value.message_dict


@pytest.mark.parametrize("url", [URL, f" {URL.replace('https', 'HTTPS')}"])
def test_a_url_is_on_once_for_an_organization(endpoint, url):
    with pytest.raises(ValidationError, match="already an endpoint"):
        added(endpoint.organization, url)
    added(OrganizationFactory())
    endpoint.switch_off(CHANGE)
    added(endpoint.organization)
    with pytest.raises(ValidationError, match="already an endpoint"):
        endpoint.switch_on(CHANGE)


def test_the_scheme_of_a_url_ignores_case_and_is_kept_in_lower_case(organization):
    assert added(organization, "HTTPS://Receiver.example/In").url == "https://Receiver.example/In"


@pytest.mark.parametrize("events", [[], [EventType.ENDPOINT_TEST], [*EventType]])
def test_events_are_chosen_of_the_public_ones(organization, events):
    with pytest.raises(ValidationError, match="Choose events"):
        WebhookEndpoint.add(CHANGE, organization=organization, url=URL, events=events)


def test_an_endpoint_is_switched_off_and_on_with_a_reason(endpoint):
    for change in (endpoint.switch_off, endpoint.switch_on):
        with pytest.raises(ValidationError, match="Give the reason"):
            change(NO_REASON)
    endpoint.switch_off(CHANGE)
    assert (endpoint.is_on, endpoint.off_why) == (False, OffWhy.STAFF)
    with pytest.raises(ValidationError, match="already off"):
        endpoint.switch_off(CHANGE)
    endpoint.switch_on(CHANGE)
    assert (endpoint.is_on, endpoint.off_why) == (True, "")
    with pytest.raises(ValidationError, match="already on"):
        endpoint.switch_on(CHANGE)


def test_an_endpoint_that_can_sign_nothing_is_not_switched_on(endpoint, settings):
    endpoint.switch_off(CHANGE)
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    with pytest.raises(ValidationError, match="Make a new secret first"):
        endpoint.switch_on(CHANGE)
    endpoint.new_secret(CHANGE)
    endpoint.switch_on(CHANGE)


def test_without_a_digest_key_no_endpoint_is_added(organization, settings):
    settings.DIGEST_KEYS = ""
    with pytest.raises(DigestKeyUnavailable):
        added(organization)


def test_a_test_event_points_to_nothing(endpoint):
    delivery = endpoint.send_test(CHANGE)
    assert delivery.event.resources == {}
    assert recorded(Action.WEBHOOK_TESTED)["event"] == delivery.event.public_id


def test_an_event_is_for_the_endpoints_that_chose_it(endpoint):
    other = added(endpoint.organization, f"{URL}/other")
    WebhookEndpoint.objects.filter(pk=other.pk).update(events=[])
    wanting = WebhookEndpoint.objects.all().wanting(endpoint.organization_id, EventType.TRANSCRIPT_READY)
    assert wanting == [endpoint]


def test_failing_endpoints_and_those_that_were_switched_off_are_found(endpoint):
    assert not WebhookEndpoint.objects.failing().exists()
    WebhookEndpoint.objects.update(failing_since=START)
    assert list(WebhookEndpoint.objects.failing()) == [endpoint]
    endpoint.switch_off(CHANGE, OffWhy.FAILING)
    assert not WebhookEndpoint.objects.failing().exists()
    assert list(WebhookEndpoint.objects.switched_off_by_us()) == [endpoint]


@pytest.mark.parametrize(
    ("table", "change", "why"),
    [
        ("webhookendpoint", "url = 'https://other.example/'", "never changes"),
        ("webhookendpoint", "public_id = 'whe_other'", "never changes"),
        ("webhookendpoint", "generation = 0", "never changes"),
        ("webhookevent", "document_id = 'doc_other'", "cannot be altered"),
        ("webhookattempt", "status = 200", "cannot be altered"),
    ],
)
def test_the_database_keeps_what_is_final(endpoint, table, change, why):
    WebhookAttempt.objects.create(delivery=delivery_to(endpoint), at=START, status=500, milliseconds=1)
    with pytest.raises(IntegrityError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE partners_{table} SET {change}")


def test_an_endpoint_is_not_deleted(endpoint):
    with pytest.raises(IntegrityError, match="switch it off"), transaction.atomic():
        endpoint.delete()


def test_the_body_of_an_event_is_compact_and_in_the_contracts_order(organization):
    event = event_for(organization, occurred_at=START)
    assert event.body().decode() == (
        f'{{"id":"{event}","type":"recording.transcript_ready","api_version":"2026-05-01",'
        f'"occurred_at":"2026-05-25T14:00:00Z","organization_id":"{organization.public_id}",'
        '"resources":{"encounter_id":"enc_Invented1","document_id":"doc_Invented1"}}'
    )
