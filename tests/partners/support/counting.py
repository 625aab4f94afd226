"""Answers that belong to no key, counted at one moment."""

from datetime import UTC, datetime

from django.test import RequestFactory

from partners.api.exchange import Exchange
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason
from partners.keys import tokens
from partners.models import UnkeyedCount

NOW = datetime(2026, 5, 25, 14, 3, 30, 123456, tzinfo=UTC)
MINUTE = NOW.replace(second=0, microsecond=0)
HERE = "198.51.100.7"


def unknown() -> str:
    return tokens.mint(is_test=False).text


def count(tally, reason=Reason.MISSING_BEARER, *, source=HERE, token=None, times=1, path="/external/v1/encounters"):
    """Count answers as they come."""
    header = {} if token is None else {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    request = RequestFactory(REMOTE_ADDR=source, **header).get(path)
    for _ in range(times):
        Exchange.begin(request)
        tally.add(request, Refusal(reason))


def rows():
    columns = "minute", "source", "reason_code", "public_part", "count"
    return list(UnkeyedCount.objects.order_by("minute", "reason_code", "source", "public_part").values_list(*columns))
