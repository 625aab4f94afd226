"""The pages that both have, each with the address that leads to the same rows."""

from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from benchmarks.admin_pages import KEYS, ORGANIZATIONS, REQUESTS, Page
from partners.models import ApiKey, RequestRecord


def of_chartero() -> list[Page]:
    """Return chartero's pages."""
    key, call = ApiKey.objects.select_related("organization").earliest("pk"), RequestRecord.objects.earliest("pk")
    return [
        Page("home", "/admin/"),
        Page("keys", KEYS),
        Page("keys with a scope", f"{KEYS}?scope=encounters:read"),
        Page("keys by label", f"{KEYS}?q=integration+4711"),
        Page("keys of organizations by name", f"{KEYS}?organization=clinic+17"),
        Page("one key", f"{KEYS}{key.pk}/change/"),
        Page("organizations", ORGANIZATIONS),
        Page("organizations by name", f"{ORGANIZATIONS}?q=clinic"),
        Page("organizations not allowlisted", f"{ORGANIZATIONS}?show=refused"),
        Page("one organization", f"{ORGANIZATIONS}{key.organization_id}/change/"),
        Page("requests", f"{REQUESTS}?time=all"),
        Page("requests of 7 days", f"{REQUESTS}?time=7d"),
        Page("requests with a status", f"{REQUESTS}?time=all&status=422"),
        Page("requests of a key", f"{REQUESTS}?time=all&key={key.public_id}"),
        Page("one request", f"{REQUESTS}{call.request_id}/"),
        Page("search for part of a label", "/admin/search/", {"q": "integration 471"}),
        Page("search for an organization", "/admin/search/", {"q": "clinic 17"}),
        Page("search for what is not there", "/admin/search/", {"q": "nowhere"}),
    ]


def of_stock() -> list[Page]:
    """Return those of Django's own admin. It searches in one table at a time: in that which has what is sought."""
    key, call = ApiKey.objects.select_related("organization").earliest("pk"), RequestRecord.objects.earliest("pk")
    week = urlencode({"occurred_at__gte": (timezone.now() - timedelta(days=7)).isoformat()})
    return [
        Page("home", "/admin/"),
        Page("keys", KEYS),
        Page("keys with a scope", f"{KEYS}?scopes__name__exact=encounters:read"),
        Page("keys by label", f"{KEYS}?q=integration+4711"),
        Page("keys of organizations by name", f"{KEYS}?q=clinic+17"),
        Page("one key", f"{KEYS}{key.pk}/change/"),
        Page("organizations", ORGANIZATIONS),
        Page("organizations by name", f"{ORGANIZATIONS}?q=clinic"),
        Page("organizations not allowlisted", f"{ORGANIZATIONS}?allowlisted__exact=0"),
        Page("one organization", f"{ORGANIZATIONS}{key.organization_id}/change/"),
        Page("requests", REQUESTS),
        Page("requests of 7 days", f"{REQUESTS}?{week}"),
        Page("requests with a status", f"{REQUESTS}?status=422"),
        Page("requests of a key", f"{REQUESTS}?q={key.public_part}"),
        Page("one request", f"{REQUESTS}{call.pk}/change/"),
        Page("search for part of a label", f"{KEYS}?q=integration+471"),
        Page("search for an organization", f"{ORGANIZATIONS}?q=clinic+17"),
        Page("search for what is not there", f"{KEYS}?q=nowhere"),
    ]
