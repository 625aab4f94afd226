"""Which webhook events are deleted with all that belongs to them, and which stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import WebhookAttempt, WebhookDelivery, WebhookEvent
from partners.webhooks import pruning
from tests.factories import START
from tests.partners.support.command_line import run_json
from tests.partners.support.webhooks import added, event_for

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def endpoint(organization):
    return added(organization)


def delivered(endpoint, *, ago: timedelta, state: str = "delivered") -> WebhookDelivery:
    event = event_for(endpoint.organization, occurred_at=timezone.now() - ago)
    delivery = WebhookDelivery.objects.create(event=event, endpoint=endpoint, state=state)
    WebhookAttempt.objects.create(delivery=delivery, at=START, status=200, milliseconds=1)
    return delivery


def test_an_old_event_goes_with_its_deliveries_and_attempts(endpoint):
    for _ in range(3):
        delivered(endpoint, ago=pruning.KEPT)
    kept = delivered(endpoint, ago=pruning.KEPT - 60 * SECOND)
    assert pruning.prune(batch=2) == 3
    assert list(WebhookEvent.objects.all()) == [kept.event]
    assert (WebhookDelivery.objects.count(), WebhookAttempt.objects.count()) == (1, 1)


@pytest.mark.parametrize("state", ["waiting", "leased"])
def test_what_is_still_to_be_sent_stays(endpoint, state):
    delivered(endpoint, ago=2 * pruning.KEPT, state=state)
    assert pruning.prune(batch=10) == 0


@pytest.mark.parametrize(("options", "left"), [([], 0), (["--dry-run"], 1)])
def test_the_command_prunes_events_or_counts_them(endpoint, options, left):
    delivered(endpoint, ago=pruning.KEPT)
    assert run_json("prune_records", *options)["webhook_events"] == 1
    assert WebhookEvent.objects.count() == left
