"""The endpoints of an organization, and the page of one."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from partners.catalogue.events import EventType
from partners.models import DeliveryState, OffWhy, WebhookAttempt, WebhookDelivery
from partners.models.change import Action
from partners.templatetags.webhooks import breakable
from partners.webhooks import guard, lookup
from tests.factories import CHANGE
from tests.partners.support.staff import page_of
from tests.partners.support.webhooks import URL, added, delivery_to, event_for

pytestmark = pytest.mark.django_db
WHY = {"reason": "as agreed"}


def text(client, path):
    return " ".join(client.get(path).text.split())


@pytest.fixture
def resolved(monkeypatch):
    """Let every name have a public address."""
    monkeypatch.setattr(guard, "resolve", lambda url, deadline: guard.Target("receiver.example", 443, "1.1.1.1", "/"))


def failed(endpoint, **values):
    return delivery_to(endpoint, state=DeliveryState.FAILED, **values)


def test_an_organization_has_a_part_with_its_endpoints(support, endpoint):
    shown = text(support, page_of(endpoint.organization, "webhooks"))
    assert f'<a href="/admin/webhooks/{endpoint.pk}/">{breakable(URL)}</a>' in shown
    assert "Add endpoint" not in shown


def test_an_organization_without_endpoints_offers_to_add_one(onboarding, organization):
    shown = text(onboarding, page_of(organization, "webhooks"))
    assert "No endpoints yet." in shown
    assert page_of(organization, "webhooks/add") in shown


def test_the_page_shows_what_was_sent_and_answered(support, endpoint, page):
    delivery = failed(endpoint, attempts=2)
    for status, fault in ((503, ""), (None, "connect_timeout")):
        WebhookAttempt.objects.create(
            delivery=delivery, at=timezone.now(), status=status, fault=fault, milliseconds=1234
        )
    shown = text(support, page())
    assert all(each in shown for each in (delivery.event.public_id, "Failed", "connect timeout", "1.234 s"))
    assert "Switch off" not in shown


def test_an_endpoint_that_was_sent_nothing_says_so(support, page):
    assert "Nothing was sent yet." in text(support, page())


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("", {"waiting", "leased", "delivered", "failed", "dropped"}),
        ("open", {"waiting", "leased"}),
        ("failed", {"failed"}),
        ("dropped", {"dropped"}),
        ("nonsense", {"waiting", "leased", "delivered", "failed", "dropped"}),
    ],
)
def test_deliveries_are_filtered_by_state(support, endpoint, page, state, names):
    for each in DeliveryState:
        delivery_to(endpoint, state=each)
    found = support.get(page(), {"state": state}).context["deliveries"]
    assert {each.state for each in found} == names


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ({"since": "2026-05-02"}, [3, 2]),
        ({"until": "2026-05-02"}, [2, 1]),
        ({"since": "2026-05-02", "until": "2026-05-02"}, [2]),
        ({"since": "yesterday"}, [3, 2, 1]),
    ],
)
def test_deliveries_are_filtered_by_day(support, endpoint, page, period, days):
    for day in (1, 2, 3):
        event = event_for(endpoint.organization, occurred_at=datetime.fromisoformat(f"2026-05-0{day}T12:00:00Z"))
        WebhookDelivery.objects.create(endpoint=endpoint, event=event)
    found = support.get(page(), period).context["deliveries"]
    assert [each.event.occurred_at.day for each in found] == days


def test_the_page_takes_the_same_number_of_statements_for_many_deliveries(
    support, endpoint, page, django_assert_max_num_queries
):
    for _ in range(20):
        delivery_to(endpoint)
    support.get(page())
    with django_assert_max_num_queries(14):
        support.get(page())


def test_an_endpoint_is_switched_off_and_on_with_a_reason(onboarding, endpoint, page):
    assert onboarding.post(page("off/"), WHY).headers["Location"] == page()
    assert "Off" in text(onboarding, page())
    assert "switched off by staff" in text(onboarding, page())
    assert [*onboarding.post(page("on/"), {}).context["form"].errors] == ["reason"]
    onboarding.post(page("on/"), WHY)
    endpoint.refresh_from_db()
    assert endpoint.is_on


def test_switching_off_twice_is_refused_in_the_form(onboarding, page):
    onboarding.post(page("off/"), WHY)
    assert "already off" in onboarding.post(page("off/"), WHY).text


def test_a_test_event_is_sent_and_its_delivery_shown(onboarding, endpoint, page, resolved):
    answer = onboarding.post(page("test/"))
    delivery = endpoint.deliveries.get()
    assert answer.headers["Location"] == f"/admin/webhooks/deliveries/{delivery.pk}/"
    assert delivery.event.type == EventType.ENDPOINT_TEST
    assert endpoint.organization.events.first().action == Action.WEBHOOK_TESTED


@pytest.mark.parametrize("refusal", [guard.Forbidden("It is not public."), lookup.Unresolved("It has no address.")])
def test_a_test_event_goes_through_the_guard_first(onboarding, endpoint, page, monkeypatch, refusal):
    def refuse(url, deadline):
        raise refusal

    monkeypatch.setattr(guard, "resolve", refuse)
    assert f"No test event was sent. {refusal.reason}" in onboarding.post(page("test/"), follow=True).text
    assert not endpoint.deliveries.exists()


def test_what_failed_is_sent_again(onboarding, endpoint, page):
    again, dropped = failed(endpoint), delivery_to(endpoint, state=DeliveryState.DROPPED)
    kept = delivery_to(endpoint, state=DeliveryState.DELIVERED)
    other = failed(added(endpoint.organization, "https://other.example/"))
    answer = onboarding.post(page("replay/"), {"which": "failed"} | WHY, follow=True)
    assert "2 deliveries are sent again." in answer.text
    states = dict(WebhookDelivery.objects.values_list("pk", "state"))
    assert [states[each.pk] for each in (again, dropped, kept, other)] == ["waiting", "waiting", "delivered", "failed"]


def test_everything_of_a_period_is_sent_again(onboarding, endpoint, page):
    for days in (0, 3):
        event = event_for(endpoint.organization, occurred_at=timezone.now() - timedelta(days=days))
        WebhookDelivery.objects.create(endpoint=endpoint, event=event, state=DeliveryState.DELIVERED)
    today = timezone.now().date().isoformat()
    given = {"which": "all", "since": today, "until": today} | WHY
    assert "1 delivery is sent again." in onboarding.post(page("replay/"), given, follow=True).text


@pytest.mark.parametrize(
    ("given", "field"),
    [({"which": "all"} | WHY, "since"), ({"which": "failed"}, "reason"), ({"which": "x"} | WHY, "which")],
)
def test_a_replay_without_what_it_needs_is_refused(onboarding, endpoint, page, given, field):
    delivery = failed(endpoint)
    assert field in onboarding.post(page("replay/"), given).context["form"].errors
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED


def test_home_lists_endpoints_that_fail_until_they_are_switched_off(support, endpoint):
    assert breakable(URL) not in text(support, "/admin/")
    type(endpoint).objects.update(failing_since=timezone.now())
    assert "1 webhook endpoint gets no events" in text(support, "/admin/")
    endpoint.refresh_from_db()
    endpoint.switch_off(CHANGE)
    assert breakable(URL) not in text(support, "/admin/")


def test_home_lists_an_endpoint_with_due_deliveries_whose_secret_in_force_nobody_has_seen(support, endpoint):
    type(endpoint).objects.update(shown_generation=0)
    assert breakable(URL) not in text(support, "/admin/")
    delivery_to(endpoint)
    assert "1 webhook endpoint gets no events" in text(support, "/admin/")
    endpoint.refresh_from_db()
    endpoint.show_secret(CHANGE)
    assert breakable(URL) not in text(support, "/admin/")


def test_home_lists_an_endpoint_that_we_switched_off_for_two_weeks(support, endpoint):
    endpoint.switch_off(CHANGE, OffWhy.GONE)
    assert breakable(URL) in text(support, "/admin/")
    type(endpoint).objects.update(off_at=timezone.now() - timedelta(days=15))
    assert breakable(URL) not in text(support, "/admin/")
