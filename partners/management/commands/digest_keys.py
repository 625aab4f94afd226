"""`manage.py digest_keys`: report what uses each digest key, and which digest keys can be dropped."""

from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from partners.formats.moments import rfc3339
from partners.keys import digests
from partners.keys.digests import State
from partners.management import output
from partners.management.base import ReportCommand
from partners.models import ApiKey, WebhookEndpoint

COLUMNS = ["NUMBER", "STATE", "KEYS", "USABLE", "LAST USED", "WEBHOOKS", "CAN BE DROPPED"]


class Command(ReportCommand):
    """Report each digest key that is loaded, or that an API key is stored under."""

    help = (
        "Report each digest key: its state, how many API keys are stored under it, how many of them can still be used "
        "(neither revoked nor expired), when one was last used, how many webhook endpoints that are on derive their "
        "secret from it, and whether it can be removed from CHARTERO_DIGEST_KEYS."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        usable = Count("pk", filter=Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now())))
        counts = {"keys": Count("pk"), "usable": usable, "last_used": Max("last_used_at")}
        rows = ApiKey.objects.order_by().values("digest_key_number").annotate(**counts)
        found: dict[int, Any] = {row["digest_key_number"]: row for row in rows}
        endpoints = WebhookEndpoint.objects.on().per_digest_key()
        numbers = sorted({*digests.loaded(), *found, *endpoints})
        return {"digest_keys": [_entry(number, found.get(number), endpoints[number]) for number in numbers]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line for each digest key."""
        rows = [[output.plain(value) for value in entry.values()] for entry in report["digest_keys"]]
        return output.table([COLUMNS, *rows]) if rows else ["No digest keys."]


def _entry(number: int, counted: dict[str, Any] | None, endpoints: int) -> dict[str, Any]:
    state, usable = digests.state(number), counted["usable"] if counted else 0
    return {
        "number": number,
        "state": state.value,
        "keys": counted["keys"] if counted else 0,
        "usable_keys": usable,
        "last_used_at": rfc3339(counted["last_used"]) if counted else None,
        "webhook_endpoints": endpoints,
        "can_be_dropped": state is State.VERIFY_ONLY and number < digests.current() and not usable and not endpoints,
    }
