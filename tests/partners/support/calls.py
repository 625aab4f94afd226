"""Calls that were recorded or counted some time ago, for what pages tell of them."""

from datetime import timedelta

from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.models import ApiKey, KeyNetwork, RequestRecord, UnkeyedCount
from tests.factories import RequestRecordFactory


def called(key: ApiKey, code: str = "", *, times: int = 1, every: timedelta = timedelta(seconds=1), ago=None, **values):
    """Record calls that were answered alike, the last of them so long ago; return their records, the newest first."""
    last = timezone.now() - (ago or timedelta(minutes=1))
    status = Reason.coded(code).status if code else 200
    values = {"api_key": key, "status": status, "reason_code": code} | values
    moments = [last - at * every for at in range(times)]
    records = [RequestRecordFactory.build(occurred_at=moment, **values) for moment in moments]
    return RequestRecord.objects.bulk_create(reversed(records))[::-1]


def unkeyed_calls(code: str, number: int = 1, source: str = "203.0.113.9", public_part: str = "", *, ago=None) -> None:
    """Count calls that belonged to no key."""
    minute = (timezone.now() - (ago or timedelta(minutes=5))).replace(second=0, microsecond=0)
    UnkeyedCount.objects.create(minute=minute, reason_code=code, count=number, source=source, public_part=public_part)


def met(key: ApiKey, network: str, *, ago: timedelta) -> KeyNetwork:
    return KeyNetwork.objects.create(api_key=key, network=network, first_seen_at=timezone.now() - ago)


def used(key: ApiKey, **ago: float) -> ApiKey:
    """Say when the key was used last, to the minute, and return it."""
    key.last_used_at = (timezone.now() - timedelta(**ago)).replace(second=0, microsecond=0)
    key.save(update_fields=["last_used_at"])
    return key
