"""The signing secret of a webhook endpoint, handed over by link: collected once, and no other than was sent."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import ChangeEvent, HandoverState, KeyHandover, WebhookEndpoint
from partners.models.change import Action
from tests.factories import CHANGE
from tests.partners.support.handing_over import FROM, actions, expire, sent
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(partner) -> WebhookEndpoint:
    return added(partner, shown=False)


@pytest.fixture
def handover(endpoint) -> KeyHandover:
    return KeyHandover.prepare_secret(CHANGE, None, endpoint)


def code_of(act) -> str:
    with pytest.raises(ValidationError) as refused:
        act()
    return refused.value.code


def test_the_secret_is_collected_once_and_that_is_recorded(handover, endpoint):
    sent(handover)
    assert handover.collect_secret(FROM) == endpoint.secret(1)
    endpoint.refresh_from_db()
    assert (handover.state, endpoint.is_unshown) == (HandoverState.COLLECTED, False)
    assert code_of(lambda: handover.collect_secret(FROM)) == "closed"
    assert actions(handover) == ["prepared", "sent", "collected"]
    shown = ChangeEvent.objects.get(action=Action.WEBHOOK_SECRET_SHOWN)
    assert (shown.by, shown.source) == ("holder of the link", FROM)
    assert [event.after["endpoint"] for event in endpoint.changes] == [endpoint.public_id] * 5


def test_it_says_what_it_is_about(handover, endpoint):
    assert (str(handover), handover.noun) == ("Signing secret of receiver.example (not_sent)", "signing secret")
    assert handover.permission == "partners.change_organization"
    event = ChangeEvent.objects.get(action=Action.HANDOVER_PREPARED)
    assert (event.after["url"], event.after["generation"]) == (endpoint.url, 1)


@pytest.mark.parametrize("happens", [lambda each: each.show_secret(CHANGE), lambda each: each.new_secret(CHANGE)])
def test_a_secret_that_was_seen_or_replaced_is_not_collected(handover, endpoint, happens):
    sent(handover)
    assert handover.obstacle() is None
    happens(WebhookEndpoint.objects.get(pk=endpoint.pk))
    assert code_of(lambda: handover.collect_secret(FROM)) == "secret_replaced"
    assert handover.state is HandoverState.SENT


def test_a_secret_that_somebody_has_seen_is_not_handed_over(partner):
    endpoint = added(partner)
    assert code_of(lambda: KeyHandover.prepare_secret(CHANGE, None, endpoint)) == "shown"


def test_one_link_waits_and_makes_way_for_a_newer_secret(handover, endpoint):
    sent(handover)
    assert code_of(lambda: KeyHandover.prepare_secret(CHANGE, None, endpoint)) == "link_waiting"
    endpoint.new_secret(CHANGE)
    newer = KeyHandover.prepare_secret(CHANGE, None, endpoint)
    assert newer.generation == 2
    assert KeyHandover.objects.get(pk=handover.pk).state is HandoverState.WITHDRAWN
    expire(newer)
    sent(newer)
    assert newer.collect_secret(FROM) == endpoint.secret(2)
