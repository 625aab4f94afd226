"""What became of attempts: each is written down, and its delivery ends or waits for the next one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from partners import pacing
from partners.catalogue.events import EventType
from partners.models import DeliveryState, OffWhy, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from partners.models.change import Change
from partners.models.webhooks.delivery import DroppedWhy
from partners.webhooks.delivery import schedule
from partners.webhooks.delivery.sending import Answer

GONE = 410
GIVEN_UP = timedelta(days=5)
UNSIGNED = timedelta(minutes=1)  # until the next look whether its digest key is loaded


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt that is over: what it was of, when it began, how long it took, and what came of it."""

    delivery: WebhookDelivery
    at: datetime
    milliseconds: int
    answer: Answer

    @property
    def attempt(self) -> WebhookAttempt:
        answer = self.answer
        return WebhookAttempt(
            delivery=self.delivery,
            at=self.at,
            status=answer.status,
            fault=answer.fault,
            milliseconds=self.milliseconds,
        )


def write(outcomes: Sequence[Outcome]) -> None:
    """Write down these attempts in one transaction.

    If a lease ended meanwhile, another process has the delivery. Then the attempt is written, and the rest is its.
    """
    with pacing.step():
        WebhookAttempt.objects.bulk_create([each.attempt for each in outcomes])
        failing = _locked(outcomes)
        _succeed([each.delivery for each in outcomes if each.answer.succeeded], failing)
        for outcome in outcomes:
            if not outcome.answer.succeeded:
                _fail(outcome)


def _locked(outcomes: Sequence[Outcome]) -> set[int]:
    """Lock all that these outcomes change, and return the endpoints that fail, or did."""
    _lock(WebhookDelivery.objects.filter(pk__in=[each.delivery.pk for each in outcomes]))
    told = [each for each in outcomes if not _is_test(each.delivery)]
    failed = Q(pk__in=[each.delivery.endpoint_id for each in told if not each.answer.succeeded])
    worked = Q(pk__in=[each.delivery.endpoint_id for each in told if each.answer.succeeded])
    endpoints = WebhookEndpoint.objects.filter(failed | worked & Q(failing_since__isnull=False))
    return _lock(endpoints)


def _lock(rows: QuerySet[Any]) -> set[int]:
    """Lock rows by their primary keys in ascending order, and return these.

    Deliveries are locked before endpoints. So two processes that write at the same time never wait for each other.
    """
    return {*rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)}


def _succeed(deliveries: Sequence[WebhookDelivery], failing: set[int]) -> None:
    leased = WebhookDelivery.objects.filter(
        pk__in=[each.pk for each in deliveries], lease__in={each.lease for each in deliveries}
    )
    counted = {"attempts": F("attempts") + 1, "step": F("step") + 1}
    leased.update(state=DeliveryState.DELIVERED, lease="", finished_at=timezone.now(), **counted)
    endpoints = {each.endpoint_id for each in deliveries if not _is_test(each)}
    works_again = WebhookEndpoint.objects.filter(pk__in=endpoints & failing, failing_since__isnull=False)
    works_again.update(failing_since=None, told_failing_at=None)


def _fail(outcome: Outcome) -> None:
    """Let the delivery wait for its next attempt, or end it. Note that the endpoint fails."""
    delivery = outcome.delivery
    counted = {"attempts": delivery.attempts + 1, "step": delivery.step + 1}
    if _leased(delivery).update(lease="", **_after(outcome), **counted) and not _is_test(delivery):
        _judge(delivery.endpoint, outcome)


def drop(dropped: Sequence[tuple[WebhookDelivery, DroppedWhy]]) -> None:
    """End deliveries that must not be sent."""
    with pacing.step():
        _lock(WebhookDelivery.objects.filter(pk__in=[delivery.pk for delivery, _ in dropped]))
        for delivery, why in dropped:
            _leased(delivery).update(state=DeliveryState.DROPPED, why=why, lease="", finished_at=timezone.now())


def postpone(delivery: WebhookDelivery) -> None:
    """Let a delivery wait that can't be signed. This is our fault and no attempt."""
    with pacing.step():
        later = timezone.now() + UNSIGNED
        _leased(delivery).update(state=DeliveryState.WAITING, lease="", next_attempt_at=later)


def _leased(delivery: WebhookDelivery) -> Any:
    return WebhookDelivery.objects.filter(pk=delivery.pk, lease=delivery.lease)


def _is_test(delivery: WebhookDelivery) -> bool:
    return delivery.event.type == EventType.ENDPOINT_TEST


def _after(outcome: Outcome) -> dict[str, Any]:
    """Return the state of a delivery after a failure. A test event is sent once."""
    now, delivery = timezone.now(), outcome.delivery
    wait = schedule.retry_after(outcome.answer.retry_after, now)
    again = None if _is_test(delivery) else schedule.next_attempt(delivery.step + 1, now, wait)
    if again is None:
        return {"state": DeliveryState.FAILED, "finished_at": now}
    return {"state": DeliveryState.WAITING, "next_attempt_at": again}


def _judge(endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    """Note that the endpoint fails, and switch it off if it is gone, or has failed for too long."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.filter(failing_since=None).update(failing_since=outcome.at)
    if outcome.answer.status == GONE:
        _switch_off(endpoint, OffWhy.GONE)
    elif row.filter(failing_since__lte=timezone.now() - GIVEN_UP).exists():
        _switch_off(endpoint, OffWhy.FAILING)


def _switch_off(endpoint: WebhookEndpoint, why: OffWhy) -> None:
    change = Change(by="chartero", source="webhook delivery", reason=f"Switched off: {why.label}.")
    with suppress(ValidationError):  # it is off already
        endpoint.switch_off(change, why)
