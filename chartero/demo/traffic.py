"""Invented calls of the last week, as the ledger records them, to fill the staff pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from encounters.models import Encounter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.formats.moments import day_of
from partners.models import (
    AllowedNetwork,
    ApiKey,
    KeyNetwork,
    KeyUse,
    NetworkMode,
    Organization,
    RequestRecord,
    UnkeyedCount,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOK = timedelta(minutes=30)
HOME, TRAVEL, STRANGE = "203.0.113.20", "198.51.100.7", "192.0.2.99"
PAGE, PAGES = 25, 5


def make(organization: Organization, sync: ApiKey, former: ApiKey) -> None:
    """Record hourly calls of one key for a week, with some mistakes, and calls with a revoked key."""
    now = timezone.now().replace(second=0, microsecond=0)
    ApiKey.objects.filter(pk=sync.pk).update(last_used_at=now, network_mode=NetworkMode.WATCH)
    for route, last in ((Route.ENCOUNTERS_LIST, now), (Route.KEY_READ, now - LOOK)):
        KeyUse.objects.create(api_key=sync, route=route.route_name, first_used_at=last - 7 * DAY, last_used_at=last)
    for address, since in ((HOME, 7 * DAY), (TRAVEL, 3 * HOUR)):
        network = f"{address.rpartition('.')[0]}.0/24"
        KeyNetwork.objects.create(api_key=sync, network=network, first_seen_at=now - since, last_served_at=day_of(now))
    office = AllowedNetwork.listed([(f"{HOME.rpartition('.')[0]}.0/24", "Practice")])
    AllowedNetwork.replace(sync, office)
    calls = [*_pages(organization, sync, now), *_looks(sync, now), *_mistakes(sync, now), *_refused(former, now)]
    RequestRecord.objects.bulk_create(sorted(calls, key=lambda call: call.occurred_at), batch_size=500)
    _without_a_key(sync, now)


def _pages(organization: Organization, key: ApiKey, now: datetime) -> Iterator[RequestRecord]:
    """Yield five pages an hour, each with the encounters and patients that it disclosed."""
    served = Encounter.objects.for_organization(organization).served().order_by("created_at", "public_id")
    rows = list(served.values_list("pk", "patient_id"))
    for count in range(7 * 24 * PAGES):
        hours, page = divmod(count, PAGES)
        offset = (count * PAGE) % (len(rows) - PAGE)
        shown = rows[offset : offset + PAGE]
        address = TRAVEL if hours < 3 and page == 0 else HOME
        yield _call(
            key,
            now - hours * HOUR - (PAGES - page) * timedelta(seconds=2),
            query=f"limit={PAGE}&offset={offset}&sort_order=asc",
            address=address,
            new_network=address == TRAVEL and hours == 2,
            outside_networks=address == TRAVEL or None,
            count=len(shown),
            encounters=[pk for pk, _ in shown],
            patients=sorted({patient for _, patient in shown if patient is not None}),
        )


def _looks(key: ApiKey, now: datetime) -> Iterator[RequestRecord]:
    """Yield a daily look at the key, to be warned before it expires."""
    for days in range(8):
        yield _call(key, now - days * DAY - LOOK, route=Route.KEY_READ)


def _mistakes(key: ApiKey, now: datetime) -> Iterator[RequestRecord]:
    for second in range(37):
        yield _call(key, now - 5 * HOUR + timedelta(seconds=second), Reason.INVALID_LIMIT)
    for hours in (20, 30, 50):
        moment = now - hours * HOUR
        yield _call(key, moment, Reason.ENCOUNTER_NOT_FOUND, route=Route.ENCOUNTERS_DETAIL, resource="enc_" + "0" * 22)


def _refused(key: ApiKey, now: datetime) -> Iterator[RequestRecord]:
    for hours in range(12):
        yield _call(key, now - hours * HOUR - timedelta(minutes=7), Reason.REVOKED_KEY, address=STRANGE)


def _without_a_key(key: ApiKey, now: datetime) -> None:
    counted = [
        (Reason.MISSING_BEARER, HOME, "", 4),
        (Reason.INVALID_KEY, STRANGE, key.public_part, 61),
        (Reason.ROUTE_NOT_FOUND, STRANGE, "", 12),
    ]
    UnkeyedCount.objects.bulk_create(
        UnkeyedCount(minute=now - HOUR, reason_code=reason.code, source=source, public_part=public_part, count=count)
        for reason, source, public_part, count in counted
    )


def _call(
    key: ApiKey,
    occurred_at: datetime,
    refused: Reason | None = None,
    *,
    route: Route = Route.ENCOUNTERS_LIST,
    **values: Any,
) -> RequestRecord:
    answer = {"status": refused.status, "reason_code": refused.code} if refused else {"status": 200, "reason_code": ""}
    nothing = {"count": 0, "encounters": [], "patients": [], "address": HOME, "new_network": False}
    return RequestRecord(
        occurred_at=occurred_at,
        api_key=key,
        organization=key.organization,
        method="GET",
        route=route.route_name,
        microseconds=900,
        **answer | nothing | values,
    )
