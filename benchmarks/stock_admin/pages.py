"""The pages that both have, each with the addresses that lead to the same rows."""

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils import timezone

from benchmarks.admin_pages import KEYS, ORGANIZATIONS, REQUESTS, Page
from partners.models import ApiKey, RequestRecord


class Pair(NamedTuple):
    """A page of chartero, and the one of Django's own admin in its place."""

    ours: Page
    stock: Page


def pairs() -> list[Pair]:
    """Return the pages of both. The stock admin searches in one table at a time: in that which has what is sought."""
    key, call = ApiKey.objects.select_related("organization").earliest("pk"), RequestRecord.objects.earliest("pk")
    one_key, one_organization = f"{KEYS}{key.pk}/change/", f"{ORGANIZATIONS}{key.organization_id}/change/"
    week = urlencode({"occurred_at__gte": (timezone.now() - timedelta(days=7)).isoformat()})
    return [
        _pair("home", "/admin/", "/admin/"),
        _pair("keys", KEYS, KEYS),
        _pair("keys with a scope", f"{KEYS}?scope=encounters:read", f"{KEYS}?scopes__name__exact=encounters:read"),
        _pair("keys by label", f"{KEYS}?q=integration+4711", f"{KEYS}?q=integration+4711"),
        _pair("keys of organizations by name", f"{KEYS}?organization=clinic+17", f"{KEYS}?q=clinic+17"),
        _pair("one key", one_key, one_key),
        _pair("organizations", ORGANIZATIONS, ORGANIZATIONS),
        _pair("organizations by name", f"{ORGANIZATIONS}?q=clinic", f"{ORGANIZATIONS}?q=clinic"),
        _pair(
            "organizations not allowlisted", f"{ORGANIZATIONS}?show=refused", f"{ORGANIZATIONS}?allowlisted__exact=0"
        ),
        _pair("one organization", one_organization, one_organization),
        _pair("requests", f"{REQUESTS}?time=all", REQUESTS),
        _pair("requests of 7 days", f"{REQUESTS}?time=7d", f"{REQUESTS}?{week}"),
        _pair("requests with a status", f"{REQUESTS}?time=all&status=422", f"{REQUESTS}?status=422"),
        _pair("requests of a key", f"{REQUESTS}?time=all&key={key.public_id}", f"{REQUESTS}?q={key.public_part}"),
        _pair("one request", f"{REQUESTS}{call.request_id}/", f"{REQUESTS}{call.pk}/change/"),
        _search("part of a label", "integration 471", KEYS),
        _search("an organization", "clinic 17", ORGANIZATIONS),
        _search("what is not there", "nowhere", KEYS),
    ]


def _pair(name: str, ours: str, stock: str) -> Pair:
    return Pair(Page(name, ours), Page(name, stock))


def _search(what: str, sought: str, table: str) -> Pair:
    name = f"search for {what}"
    return Pair(Page(name, "/admin/search/", {"q": sought}), Page(name, f"{table}?{urlencode({'q': sought})}"))
