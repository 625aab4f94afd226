"""The newest calls with one key, or with all keys of an organization, from the ledger.

Each statement reads a bounded part of an index, however many rows there are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from partners.finding.found import Found
from partners.models import ApiKey, KeyNetwork, Organization, RequestRecord
from partners.record.call_groups import CallGroup, grouped

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
READ, SHOWN = 200, 10  # newest calls that are read, and groups of them that are shown
SERVED = ""

Records = QuerySet[RequestRecord]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Recent calls: the last refusal, the last calls, and the networks, newest first.

    A network first seen after `new_since` is new.
    """

    refused: RequestRecord | None
    groups: list[CallGroup]
    networks: Found[KeyNetwork]
    new_since: datetime


def of_key(key: ApiKey) -> Traffic:
    """Return the recent calls with a key."""
    return _traffic(key.records.all(), key.networks.all())


def of_organization(organization: Organization) -> Traffic:
    """Return the recent calls with all keys of an organization."""
    networks = KeyNetwork.objects.filter(api_key__organization=organization)
    return _traffic(organization.records.select_related("api_key"), networks.select_related("api_key"))


def _traffic(records: Records, networks: QuerySet[KeyNetwork]) -> Traffic:
    newest = records.defer("encounters", "patients").order_by("-occurred_at")
    read = list(newest[:READ])
    return Traffic(
        newest.exclude(reason_code=SERVED).order_by("-occurred_at", "-reason_code").first(),
        grouped(read, more=len(read) == READ)[:SHOWN],
        Found.of(networks.order_by("-first_seen_at", "-pk")),
        timezone.now() - WEEK,
    )
