"""The page of one delivery, its replay, and how the search box finds both."""

import pytest
from django.utils import timezone
from django.utils.html import escape

from partners.models import DeliveryState, WebhookAttempt
from partners.models.webhooks.delivery import DroppedWhy
from tests.partners.support.webhooks import delivery_to

pytestmark = pytest.mark.django_db


def path(delivery, page=""):
    return f"/admin/webhooks/deliveries/{delivery.pk}/{page}"


def test_a_delivery_shows_its_event_and_each_attempt(support, endpoint):
    delivery = delivery_to(endpoint, state=DeliveryState.DELIVERED, attempts=2)
    for status in (500, 204):
        WebhookAttempt.objects.create(delivery=delivery, at=timezone.now(), status=status, milliseconds=7)
    shown = support.get(path(delivery)).text
    assert all(
        each in shown for each in (delivery.public_id, delivery.event.public_id, "enc_Invented1", "doc_Invented1")
    )
    assert shown.index("204") < shown.index("500")
    assert "0.007 s" in shown


def test_a_delivery_shows_its_body_as_the_partner_gets_it(support, endpoint):
    delivery = delivery_to(endpoint)
    shown = support.get(path(delivery)).text
    assert f"<pre>{escape(delivery.event.body().decode())}</pre>" in shown


def test_a_delivery_that_waits_shows_its_next_attempt_and_offers_no_replay(onboarding, endpoint):
    delivery = delivery_to(endpoint)
    shown = onboarding.get(path(delivery)).text
    assert "Next attempt" in shown
    assert "No attempt yet." in shown
    assert path(delivery, "replay/") not in shown


def test_a_delivery_that_was_not_sent_says_why(onboarding, endpoint):
    delivery = delivery_to(endpoint, state=DeliveryState.DROPPED, why=DroppedWhy.ROUTE_OFF)
    shown = onboarding.get(path(delivery)).text
    assert DroppedWhy.ROUTE_OFF.label in shown
    assert path(delivery, "replay/") in shown


def test_one_delivery_is_sent_again(onboarding, endpoint):
    delivery = delivery_to(endpoint, state=DeliveryState.FAILED)
    assert delivery.event.public_id in onboarding.get(path(delivery, "replay/")).text
    assert onboarding.post(path(delivery, "replay/"), {"reason": "as agreed"}).headers["Location"] == path(delivery)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WAITING


def test_a_delivery_that_waits_is_not_sent_again(onboarding, endpoint):
    delivery = delivery_to(endpoint)
    assert "still waiting" in onboarding.post(path(delivery, "replay/"), {"reason": "as agreed"}).text


def test_the_search_box_finds_events_deliveries_and_endpoints_by_id(support, endpoint):
    delivery = delivery_to(endpoint)
    found = {
        delivery.public_id: path(delivery),
        delivery.event.public_id: path(delivery),
        endpoint.public_id: f"/admin/webhooks/{endpoint.pk}/",
    }
    assert {each: support.post("/admin/search/", {"q": each}).url for each in found} == found
