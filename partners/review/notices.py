"""Notices that API keys expire soon: which are due, and to whom. Each is sent once."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from partners.models import ApiKey, ExpiryNotice, KeyState, Organization, Recipient
from partners.models.keys.key import ApiKeyQuerySet

DAYS = (30, 14, 7, 1)


@dataclass(frozen=True, slots=True)
class Ending:
    """A key that expires soon. `days` is the notice that is due at this moment."""

    key: ApiKey
    expires_at: datetime
    days: int
    now: datetime

    @property
    def days_left(self) -> int:
        """Return the days that are left, rounded up."""
        return math.ceil((self.expires_at - self.now) / timedelta(days=1))

    @property
    def successor(self) -> ApiKey | None:
        """Return the active key that replaces this one, if any. Both work until this one expires."""
        successor: ApiKey | None = getattr(self.key, "replaced_by", None)
        return successor if successor is not None and successor.state is KeyState.ACTIVE else None

    @property
    def not_notified(self) -> str:
        """Return why the partner's contact is not notified, or a blank if it is."""
        organization = self.key.organization
        if organization is None:
            return "the key belongs to no organization"
        if not organization.allowlisted:
            return "the organization is not allowlisted"
        return "" if is_address(organization.contact_email) else "the organization has no contact e-mail"

    def notice(self, recipient: Recipient) -> ExpiryNotice:
        """Return the row that records the notice as sent."""
        return ExpiryNotice(
            api_key=self.key, expires_at=self.expires_at, days=self.days, recipient=recipient, sent_at=timezone.now()
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """One e-mail: to the contact of an organization about its keys, or to staff about all keys."""

    recipient: Recipient
    to: Sequence[str] = field(repr=False)
    endings: Sequence[Ending]
    organization: Organization | None = None

    def record(self) -> None:
        """Record that the notice was sent, so that it is never sent again."""
        with transaction.atomic():
            ExpiryNotice.objects.bulk_create([ending.notice(self.recipient) for ending in self.endings])


def due(staff: Sequence[str]) -> list[Notice]:
    """Return the notices to send now: for each key the most urgent one, unless it was already sent."""
    keys = ApiKey.objects.ending_within(timedelta(days=DAYS[0]))
    rows = ExpiryNotice.objects.filter(api_key__in=keys.order_by().values("pk"))
    sent = set(rows.values_list("api_key_id", "expires_at", "days", "recipient"))
    endings = list(_endings(keys, timezone.now()))
    unsent = {
        recipient: [each for each in endings if (each.key.pk, each.expires_at, each.days, recipient) not in sent]
        for recipient in Recipient
    }
    of_staff = unsent[Recipient.STAFF]
    notices = _to_contacts(unsent[Recipient.CONTACT])
    return [*notices, *([Notice(Recipient.STAFF, staff, of_staff)] if of_staff else [])]


def _endings(keys: ApiKeyQuerySet, now: datetime) -> Iterator[Ending]:
    for key in keys.select_related("organization", "replaced_by").order_by("expires_at", "pk"):
        days = None if key.expires_at is None else _days(key, key.expires_at, now)
        if key.expires_at is not None and days is not None:
            yield Ending(key, key.expires_at, days, now)


def _days(key: ApiKey, end: datetime, now: datetime) -> int | None:
    """Return the most urgent notice that is due; None if its time was before this expiry was set."""
    days = min((each for each in DAYS if end - now <= timedelta(days=each)), default=None)
    begun = key.rotated_at or key.created_at
    return days if days is not None and end - timedelta(days=days) >= begun else None


def _to_contacts(endings: Iterable[Ending]) -> Iterator[Notice]:
    of_each: defaultdict[Organization, list[Ending]] = defaultdict(list)
    for ending in endings:
        if ending.key.organization is not None and not ending.not_notified:
            of_each[ending.key.organization].append(ending)
    for organization, its in of_each.items():
        yield Notice(Recipient.CONTACT, [organization.contact_email], its, organization)


def is_address(text: str) -> bool:
    """Return True if this is a valid address; a row may hold text that no form would accept."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
