"""Counts of usage, as pages read them and as the ledger says."""

from collections import Counter
from datetime import UTC, timedelta

from django.utils import timezone

from partners.models import RequestRecord
from partners.usage import reading
from partners.usage.hours import Kind

PERIOD = timedelta(days=40)


def read(kind: Kind, owner: int) -> Counter:
    """Return the calls by hour and reason code, as a page reads them."""
    now = timezone.now()
    found = reading.read(kind, [owner], now - PERIOD, now + PERIOD, reading.found())
    return Counter({(count.start, count.reason_code): count.calls for count in found})


def recorded(kind: Kind, owner: int) -> Counter:
    """Return the same as the ledger says."""
    owned = {Kind.ALL: {}, Kind.ORGANIZATION: {"organization": owner}, Kind.KEY: {"api_key": owner}}[kind]
    rows = RequestRecord.objects.filter(**owned).values_list("occurred_at", "reason_code")
    return Counter((at.astimezone(UTC).replace(minute=0, second=0, microsecond=0), code) for at, code in rows)


def owners(*keys) -> list[tuple[Kind, int]]:
    """Return each of these keys, their organizations, and all."""
    organizations = {key.organization_id for key in keys if key.organization_id}
    return [(Kind.ALL, 0), *((Kind.ORGANIZATION, pk) for pk in organizations), *((Kind.KEY, key.pk) for key in keys)]


def differences(*keys) -> list[tuple[Kind, int]]:
    """Return those whose numbers aren't what the ledger says."""
    return [each for each in owners(*keys) if read(*each) != recorded(*each)]
