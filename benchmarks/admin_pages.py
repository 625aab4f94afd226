"""The staff's pages that `benchmarks.admin_lists` opens: each list by each of its filters, and each page of one row."""

from typing import NamedTuple

from django.test import Client

from encounters.models import Encounter
from partners.admin.lists.paging import COUNTED
from partners.catalogue.routes import Route
from partners.keys import digests
from partners.models import ApiKey, KeyHandover, RequestRecord
from partners.models.change import ChangeEvent
from partners.record.pages import to_address
from partners.signin.guards import sessions

ADMIN = "/admin/partners/"
KEYS, ORGANIZATIONS, REQUESTS, CHANGES = (
    f"{ADMIN}{table}/" for table in ("apikey", "organization", "requestrecord", "changeevent")
)
SPANS = ("24h", "7d", "30d")


class Page(NamedTuple):
    """A page: what it is called in the table, its path, and what is posted to it, or None."""

    name: str
    path: str
    posted: dict[str, str] | None = None


REFERENCE = Page("a new password", "/admin/password_change/")


def pages() -> list[Page]:
    """Return every page that is measured."""
    first = ApiKey.objects.select_related("organization").earliest("pk")
    return [
        *(Page(f"home, {span}", f"/admin/?usage={span}") for span in SPANS),
        *of_keys(first),
        *of_organizations(first),
        *(of_requests(first) if RequestRecord.objects.exists() else ()),
        *of_changes(),
        *(of_encounters() if Encounter.objects.exists() else ()),
        *of_searches(first),
        *others(),
    ]


def prove_password(client: Client) -> None:
    """Note in the session that the password was just entered: forms and some pages ask for it."""
    session = client.session
    sessions.note_proof(session)
    session.save()


def filtered(title: str, path: str, asked: dict[str, str]) -> list[Page]:
    """Return a list without and with each filter."""
    return [Page(title, path), *(Page(f"{title}, {name}", f"{path}?{query}") for name, query in asked.items())]


def of_keys(key: ApiKey) -> list[Page]:
    """Return the list of keys by each filter and order, one key, the links and the file."""
    asked = {state: f"state={state}" for state in ("active", "disabled", "expired", "revoked")}
    asked |= {f"expire in {days} days": f"expires={days}" for days in (14, 30, 60, 90)}
    asked |= {"without an end date": "expires=never", "of an organization": "organization=clinic+17"}
    asked |= {"of an owner": "owner=grace+invented+17", "of no owner that is there": "owner=nobody"}
    asked |= {"with a tag": "tag=pilot", "with two tags": "tag=pilot+ehr", "with no tag that is there": "tag=nothing"}
    asked |= {"with a scope": "scope=encounters:read", "active, with a scope": "state=active&scope=patients:read"}
    asked |= {"not allowlisted": "allowlisted=no", "allowlisted": "allowlisted=yes"}
    asked |= {f"of {route.route_name}": f"route={route.route_name}" for route in Route.grantable()}
    asked |= {"under a digest key": f"digest_key={digests.current()}", "digest key not loaded": "digest_key=missing"}
    asked |= {"limited": "limit=yes", "not limited": "limit=no", "enforced networks": "networks=enforce"}
    asked |= {"never used": "used=never", "used lately": "used=lately", "idle": "used=idle", "idle 30": "used=idle30"}
    asked |= {"leaked": "leaked=yes", "not leaked": "leaked=no"}
    orders = ("-issued", "issued", "label", "-label", "organization", "-organization", "-used", "used", "expires")
    asked |= {f"in the order of {order}": f"o={order}" for order in (*orders, "-expires")}
    asked |= {"page 40": "p=40", "last page": f"p={COUNTED // 25}", "search by label": "q=integration+4711"}
    asked |= {"search for what is not there": "q=nowhere"}
    one, links = f"{KEYS}{key.pk}/", KeyHandover.objects.exists() and f"{KEYS}links/"
    return [
        *filtered("keys", KEYS, asked),
        Page("keys, find a token in a log", f"{KEYS}find/", {"q": f"GET / {key.quotable}{'0' * 49} 200"}),
        Page("keys, file of a filter", f"{KEYS}export/?organization=clinic+1&tag=pilot", {}),
        *(Page(f"one key, {span}", f"{one}change/?usage={span}") for span in SPANS),
        Page("one key, what it read: the question", f"{one}reads/"),
        *(Page(f"one key, {verb}", f"{one}{verb}/") for verb in ("scopes", "limit", "networks", "describe", "revoke")),
        *([Page("links", links), Page("links, all", f"{links}?show=all")] if links else []),
    ]


def of_organizations(key: ApiKey) -> list[Page]:
    """Return the list of organizations by each filter, the five parts of one, and the file."""
    asked = {"page 40": "page=40", "nothing enabled": "show=nothing", "not allowlisted": "show=refused"}
    asked |= {"allowlisted": "show=allowlisted", "search": "q=clinic", "search for what is not there": "q=nowhere"}
    asked |= {f"used {used}": f"used={used}" for used in ("lately", "idle30", "idle", "never")}
    asked |= {"of a route": "route=documents.audio", "of an owner": "owner=grace", "with a tag": "tag=pilot"}
    asked |= {"newest first": "o=-created"}
    one = f"{ORGANIZATIONS}{key.organization_id}/"
    parts = ("access", "keys", "calls", "changes", "contact", "purpose", "limit", "describe", "comment")
    return [
        *filtered("organizations", ORGANIZATIONS, asked),
        Page("organizations, file", f"{ORGANIZATIONS}export/?tag=pilot", {}),
        *(Page(f"one organization, {span}", f"{one}change/?usage={span}") for span in SPANS),
        *(Page(f"one organization, {part}", f"{one}{part}/") for part in parts),
    ]


def of_requests(key: ApiKey) -> list[Page]:
    """Return the list of requests by each filter, and one request."""
    of_key, of_owner = f"key={key.public_id}", f"organization={key.organization.public_id}"
    oldest = RequestRecord.objects.order_by("occurred_at").values_list("occurred_at", flat=True)[1000]
    asked = {"all": "time=all", "7 days": "time=7d", "30 days": "time=30d"}
    asked |= {"of a key, with its chart": f"time=30d&{of_key}"}
    asked |= {"of an organization, with its chart": f"time=30d&{of_owner}", "chart of 30 days": "usage=30d"}
    asked |= {"of a key": f"time=all&{of_key}", "of an organization": f"time=all&{of_owner}"}
    asked |= {"refused": "time=all&code=refused", "of a code that never came": "time=all&code=revoked_key"}
    asked |= {"of a status": "time=all&status=422", "of a status that never came": "time=all&status=503"}
    asked |= {"refused, of a key": f"time=all&code=refused&{of_key}"}
    asked |= {"refused, of an organization": f"time=all&code=refused&{of_owner}"}
    asked |= {"of a key and a status that never came": f"time=all&status=503&{of_key}"}
    asked |= {"of a key and a code that never came": f"time=all&code=revoked_key&{of_key}"}
    asked |= {"outside networks": "time=all&code=outside", "outside, of a key": f"time=all&code=outside&{of_key}"}
    asked |= {"outside, of an organization": f"time=all&code=outside&{of_owner}"}
    asked |= {"of a route": "time=all&route=encounters.detail"}
    asked |= {"of a route never called": "time=all&route=documents.audio"}
    asked |= {"of a key and a route never called": f"time=all&{of_key}&route=documents.audio"}
    asked |= {"from – to": "time=own&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00"}
    asked |= {"the oldest": f"time=all&older={to_address(oldest)}"}
    one = RequestRecord.objects.earliest("pk").request_id
    return [
        *filtered("requests", REQUESTS, asked),
        Page("one request", f"{REQUESTS}{one}/"),
        Page("diagnosis of one request", f"/admin/diagnosis/?call={one}"),
    ]


def of_changes() -> list[Page]:
    """Return the record of changes by each filter, and one change."""
    last = ApiKey.objects.select_related("organization").latest("pk")
    asked = {"of a kind": "kind=key_issued", "of a kind never done": "kind=records_pruned", "of 7 days": "time=7d"}
    asked |= {"by a person": "person=benchmark", "by nobody known": "person=nobody"}
    asked |= {"of an organization": f"organization={last.organization.public_id}", "of a key": f"key={last.public_id}"}
    asked |= {"search by ticket": "q=nowhere", "search by name": "q=clinic+17"}
    asked |= {"search by part": f"q={last.public_part[:6]}"}
    newest = ChangeEvent.objects.latest("pk").pk
    return [*filtered("changes", CHANGES, asked), Page("one change", f"{CHANGES}{newest}/change/")]


def of_encounters() -> list[Page]:
    """Return the list of clinical records by each filter, and one encounter."""
    path, last = "/admin/encounters/encounter/", Encounter.objects.latest("pk")
    asked = {"demo": "record_class=demo", "planned": "status=planned", "of an organization": "organization=17"}
    asked |= {"page 40": "p=40", "search by id": f"q={last.public_id}", "search for what is not there": "q=nowhere"}
    return [*filtered("encounters", path, asked), Page("one encounter", f"{path}{last.pk}/change/")]


def of_searches(key: ApiKey) -> list[Page]:
    """Return the answers of the search box to each kind of text."""
    asked = {"an organization": "clinic 17", "part of a label": "integration 471", "an owner": "grace invented 17"}
    asked |= {"a tag": "pilot", "words of a note": "agreed with the partner", "a contact": "contact17"}
    asked |= {"part of a public part": key.public_part[:4], "a person": "colleague1", "a code": "scope"}
    asked |= {"what is not there": "nowhere", "a token": f"ch_sk_{key.public_part}{'0' * 49}"}
    return [Page(f"search for {name}", "/admin/search/", {"q": text}) for name, text in asked.items()]


def others() -> list[Page]:
    """Return the pages of people, leaks, disclosures and the switch."""
    log = f"a log of a build, {public_parts()}"
    asked = {"of a role": "role=Support", "search": "q=colleague1", "inactive": "state=inactive"}
    return [
        *filtered("users", "/admin/auth/user/", asked),
        Page("roles", "/admin/auth/group/"),
        Page("sessions", "/signin/sessions/"),
        Page("leaks", "/admin/leaks/"),
        Page("leaks, keys in a text", "/admin/leaks/", {"text": log, "since": "2026-01-01"}),
        Page("disclosures", "/admin/disclosures/"),
        Page("switch", "/admin/switch/"),
        Page("reasons", "/admin/reasons/"),
        Page("issue a key", f"{KEYS}issue/"),
    ]


def public_parts() -> str:
    """Return the public parts of five keys, as a text that leaked may have them."""
    return " ".join(key.quotable for key in ApiKey.objects.order_by("pk")[1:6])
