"""What the search box finds, by kind. Each kind is searched only for people who may see its rows."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.urls import reverse

from encounters.models import Encounter
from partners.catalogue.reasons import Reason
from partners.finding.found import Found
from partners.models import ApiKey, ChangeEvent, Organization, WebhookDelivery, WebhookEndpoint
from partners.names import holds_words
from partners.tags import tagged

SHORTEST_CODE = 3  # characters of a reason code that are searched for
_PUBLIC_PART = re.compile(r"(?:ch_sk_(?:test_)?)?([0-9A-Za-z]{4,12})(?:…|\.\.\.)?")  # its beginning is enough


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its name, its page, and a line about it. `mono`: the name is an id or a code."""

    name: str
    url: str
    about: str = ""
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one kind that were found."""

    title: str
    found: Found[Hit]


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of rows: its title, the permission to see them, and how to find them."""

    title: str
    permission: str
    find: Callable[[str], Found[Hit]]


def search(text: str, may: Callable[[str], bool]) -> list[Group]:
    """Return what was found for a text without tokens, by kind. `may` tells if the person has a permission."""
    groups = (Group(source.title, source.find(text)) for source in SOURCES if may(source.permission))
    return [group for group in groups if group.found]


def _keys(text: str) -> Found[Hit]:
    wanted = Q(public_id=text) | holds_words("label_key", text)
    if match := _PUBLIC_PART.fullmatch(text):
        wanted |= Q(public_part__startswith=match[1])
    wanted |= _described(text)
    keys = ApiKey.objects.select_related("organization").filter(wanted).order_by("label_key", "pk")
    return _hits(keys, "partners_apikey", lambda key: (key.label, _line(key.quotable, key.organization, key.state)))


def _organizations(text: str) -> Found[Hit]:
    contact = Q(contact_name__icontains=text) | Q(contact_email__icontains=text)
    wanted = Q(public_id=text) | holds_words("name_key", text) | contact | _described(text)
    organizations = Organization.objects.filter(wanted).order_by("name_key")
    return _hits(
        organizations,
        "partners_organization",
        lambda each: (each.name, _line(each.public_id, each.contact_name, each.contact_email)),
    )


def _endpoints(text: str) -> Found[Hit]:
    found = Found.of(WebhookEndpoint.objects.select_related("organization").filter(public_id=text))
    hits = [_at("admin:webhook_endpoint", each, _line(each.url, each.organization)) for each in found.rows]
    return Found(hits, found.total)


def _deliveries(text: str) -> Found[Hit]:
    rows = WebhookDelivery.objects.select_related("endpoint__organization", "event").order_by("-pk")
    found = Found.of(rows.filter(Q(public_id=text) | Q(event__public_id=text)))
    hits = [
        _at("admin:webhook_delivery", each, _line(each.event.public_id, each.endpoint.url, each.endpoint.organization))
        for each in found.rows
    ]
    return Found(hits, found.total)


def _at(view: str, row: WebhookEndpoint | WebhookDelivery, about: str) -> Hit:
    return Hit(row.public_id, reverse(view, args=[row.pk]), about, mono=True)


def _described(text: str) -> Q:
    """Return the condition for rows whose owner, note or tags have the text."""
    return Q(owner__icontains=text) | Q(note__icontains=text) | tagged(text)


def _encounters(text: str) -> Found[Hit]:
    encounters = Encounter.objects.select_related("organization").filter(public_id=text)
    return _hits(encounters, "encounters_encounter", lambda each: (each.public_id, str(each.organization)), mono=True)


def _changes(text: str) -> Found[Hit]:
    # The index has only changes with a ticket. SQLite uses it if the statement says the same.
    changes = ChangeEvent.objects.exclude(ticket="").filter(ticket=text).order_by("-occurred_at", "-pk")
    return _hits(
        changes,
        "partners_changeevent",
        lambda each: (each.get_action_display(), _line(f"{each.occurred_at:%Y-%m-%d %H:%M} UTC", each.by)),
    )


def _people(text: str) -> Found[Hit]:
    fields = ("username", "first_name", "last_name", "email")
    wanted = Q(*((f"{field}__icontains", text) for field in fields), _connector=Q.OR)
    people = User.objects.filter(wanted).order_by("username")
    return _hits(people, "auth_user", lambda each: (each.username, _line(each.get_full_name(), each.email)))


def _codes(text: str) -> Found[Hit]:
    part = text.lower().replace(" ", "_")
    codes = [reason for reason in Reason if len(part) >= SHORTEST_CODE and part in reason.code]
    exact = [reason for reason in codes if reason.code == part]
    hits = [
        Hit(each.code, reverse("admin:reason", args=[each.code]), each.message, mono=True) for each in exact or codes
    ]
    return Found(hits, len(hits))


def _hits(
    rows: "QuerySet[Any]", model: str, shown: Callable[[Any], tuple[str, str]], *, mono: bool = False
) -> Found[Hit]:
    """Return the first rows, each with its page in the admin, its name and a line about it."""
    found = Found.of(rows)
    hits = []
    for row in found.rows:
        name, about = shown(row)
        hits.append(Hit(name, reverse(f"admin:{model}_change", args=[row.pk]), about, mono))
    return Found(hits, found.total)


def _line(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


SOURCES = (
    Source("API keys", "partners.view_apikey", _keys),
    Source("Organizations", "partners.view_organization", _organizations),
    Source("Webhook endpoints", "partners.view_organization", _endpoints),
    Source("Webhook deliveries", "partners.view_organization", _deliveries),
    Source("Encounters", "encounters.view_encounter", _encounters),
    Source("Changes with this ticket", "partners.view_changeevent", _changes),
    Source("Users", "auth.view_user", _people),
    Source("Reason codes", "partners.view_apikey", _codes),
)
