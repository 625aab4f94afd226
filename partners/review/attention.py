"""What needs attention. Each is one statement, which stops counting where the exact number no longer matters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from partners.finding.found import Found
from partners.finding.last_use import STILL_USED, used_within
from partners.keys import digests
from partners.models import (
    ApiKey,
    ApiKeySwitch,
    ChangeEvent,
    KeyLeak,
    KeyState,
    OffWhy,
    Organization,
    RouteGrant,
    WebhookDelivery,
    WebhookEndpoint,
)
from partners.models.change import Action
from partners.models.keys.key import ApiKeyQuerySet

MORE_THAN_ANY = 2**15  # digest key number
SWITCHED_OFF = timedelta(days=14)  # for so long an endpoint that we switched off needs attention


@dataclass(frozen=True, slots=True)
class DigestHealth:
    """The numbers of the digest keys that are loaded, and the active keys that need another one."""

    loaded: list[int]
    missing: Found[ApiKey]
    older: Found[ApiKey]

    @property
    def older_numbers(self) -> list[int]:
        """Return the loaded numbers below the active one."""
        return [number for number in self.loaded if number < digests.current()]

    def __bool__(self) -> bool:
        return not self.loaded or bool(self.missing) or bool(self.older)


@dataclass(frozen=True, slots=True)
class SwitchState:
    """Whether API keys are accepted, and the change that made it so; None if it was never changed."""

    on: bool
    since: ChangeEvent | None


def expiring(span: timedelta) -> Found[ApiKey]:
    """Return the active keys that expire within `span` and are still used, the next to expire first."""
    return _ending(span, used_within(STILL_USED))


def numbers_expiring(spans: Mapping[str, timedelta]) -> dict[str, int]:
    """Return how many keys `expiring()` finds in each of these spans, in one statement."""
    now, longest = timezone.now(), max(spans.values())
    keys = ApiKey.objects.ending_within(longest).filter(used_within(STILL_USED), rotated_at=None).order_by()
    within = {name: Count("pk", filter=Q(expires_at__lte=now + span)) for name, span in spans.items()}
    return keys.aggregate(**within)


def expiring_idle(span: timedelta) -> Found[ApiKey]:
    """Return the active keys that expire within `span` and were not used lately, or never."""
    return _ending(span, ~used_within(STILL_USED))


def leaked() -> Found[ApiKey]:
    """Return the active keys that were reported as leaked, the one reported last first."""
    keys = _active_keys().filter(pk__in=KeyLeak.objects.order_by().values("api_key"))
    newest = KeyLeak.objects.filter(api_key=OuterRef("pk")).values("reported_at")[:1]
    return Found.of(keys.order_by(Subquery(newest).desc(), "pk"))


def rotated(span: timedelta) -> Found[ApiKey]:
    """Return the active keys that expire within `span` because they were rotated, each with its successor."""
    keys = _active_keys().ending_within(span).filter(rotated_at__isnull=False).select_related("replaced_by")
    return Found.of(keys.order_by("expires_at", "pk"))


def nothing_enabled() -> QuerySet[Organization]:
    """Return the organizations that can't call anything, with `has_route` and `has_active_key`.

    One active key of each organization is looked for. With EXISTS, PostgreSQL would read all active keys, twice.
    """
    active = ApiKey.objects.in_state(KeyState.ACTIVE).filter(organization=OuterRef("pk")).order_by()
    having = Organization.objects.alias(active_key=Subquery(active.values("pk")[:1]))
    return having.annotate(
        has_route=Exists(RouteGrant.objects.filter(organization=OuterRef("pk"))),
        has_active_key=Q(active_key__isnull=False),
    ).filter(Q(allowlisted=False) | Q(has_route=False) | Q(has_active_key=False))


def digest_health() -> DigestHealth:
    """Return which active keys need another digest key than the current one of this deployment."""
    loaded = sorted(digests.loaded())
    current = digests.current() if loaded else 0
    keys = _active_keys().order_by("digest_key_number", "pk")
    return DigestHealth(
        loaded,
        Found.of(keys.filter(_beside(loaded))),
        Found.of(keys.filter(digest_key_number__in=[number for number in loaded if number < current])),
    )


def switch_state() -> SwitchState:
    """Return the state of the global switch. Its changes have no organization and no key, so an index finds them."""
    turns = ChangeEvent.objects.filter(organization=None, api_key=None, action=Action.API_KEYS_SWITCHED)
    return SwitchState(ApiKeySwitch.is_on(), turns.first())


def _ending(span: timedelta, use: Q) -> Found[ApiKey]:
    """Return keys that were not rotated; for rotated ones, see `rotated()`."""
    return Found.of(_active_keys().ending_within(span).filter(use, rotated_at=None).order_by("expires_at", "pk"))


def _beside(numbers: list[int]) -> Q:
    """Return the condition on all other digest keys as ranges: unlike NOT IN, an index can find them."""
    condition = Q()
    for low, high in pairwise([-1, *numbers, MORE_THAN_ANY]):
        condition |= Q(digest_key_number__gt=low, digest_key_number__lt=high)
    return condition


def _active_keys() -> ApiKeyQuerySet:
    return ApiKey.objects.in_state(KeyState.ACTIVE).select_related("organization")


def failing_webhooks() -> QuerySet[WebhookEndpoint]:
    """Return the endpoints that events don't reach.

    Their last attempts failed, they were switched off for it in these days, or nobody has seen the secret in force.
    """
    now = timezone.now()
    due = WebhookDelivery.objects.all().open().filter(endpoint=OuterRef("pk"), next_attempt_at__lte=now)
    able = WebhookEndpoint.objects.with_secret_seen().order_by()
    ended = Q(off_why__in=[OffWhy.GONE, OffWhy.FAILING], off_at__gt=now - SWITCHED_OFF)
    failing = Q(off_at=None) & (Q(failing_since__isnull=False) | (~Q(pk__in=able.values("pk")) & Exists(due))) | ended
    longest = F("failing_since").asc(nulls_last=True)
    return WebhookEndpoint.objects.select_related("organization").filter(failing).order_by(longest, "pk")
