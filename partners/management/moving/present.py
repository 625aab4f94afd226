"""What there is already: organizations and keys that a file describes, and where they differ from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from partners import names
from partners.catalogue.routes import Route
from partners.finding.lookup import find_organization
from partners.identifiers import matcher
from partners.management import output
from partners.management.moving.columns import Column
from partners.management.moving.faults import Fault
from partners.management.moving.gathering import Partner
from partners.models import ApiKey, Approval, HandoverState, KeyHandover, Organization
from partners.models.approvals.kinds import ACCESS, KEY
from partners.models.keys.lifecycle import KeyState

_is_id = matcher("org")
_FIELDS = {
    Column.CONTACT: "contact_name",
    Column.EMAIL: "contact_email",
    Column.PURPOSE: "purpose",
    Column.LIMIT: "calls_per_minute",
    Column.NAMES: "receives_names",
    Column.OWNER: "owner",
    Column.NOTE: "note",
    Column.TAGS: "tags",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of a wanted key: the key, the link to it, or the request for it."""

    state: str
    scopes: list[str]
    key: ApiKey | None = None
    link: KeyHandover | None = None
    approval: Approval | None = None

    @classmethod
    def of_request(cls, approval: Approval) -> "Known":
        return cls(f"approval {approval.state.value}", approval.facts["scopes"], approval=approval)

    @classmethod
    def of_link(cls, link: KeyHandover) -> "Known":
        return cls(link.state.value, link.scopes, link=link)

    @classmethod
    def of_key(cls, key: ApiKey) -> "Known":
        return cls(key.state.value, [scope.name for scope in key.scopes.all()], key=key)

    @property
    def is_unsent(self) -> bool:
        return self.link is not None and self.link.state is HandoverState.UNSENT


@dataclass(frozen=True, slots=True)
class Present:
    """An organization that exists, and what there is of its keys, by what a label is compared by."""

    organization: Organization
    keys: dict[str, Known]

    @classmethod
    def of(cls, partner: Partner, faults: list[Fault]) -> "Present | None":
        """Return what there is of a partner, or None for a new one. Add what can't be decided to the faults."""
        try:
            organization = find_organization(partner.name)
        except ValidationError as refusal:
            if refusal.code != "organization_not_found" or _is_id(partner.name):
                message = " ".join(refusal.messages)
                faults.append(Fault(partner.line, Column.ORGANIZATION.title, partner.name, message))
            return None
        return cls(organization, _keys_of(organization))

    def differences(self, partner: Partner) -> Iterator[dict[str, Any]]:
        """Yield what the file says otherwise. None of it is changed."""
        here = self._values()
        for column, value in partner.values.items():
            if column in here and here[column] != value:
                yield self._difference(partner.lines[column], column, value, here[column])
        for wanted in partner.keys:
            known = self.keys.get(wanted.key)
            if known is not None and not wanted.is_vague and {*known.scopes} != {*wanted.scopes}:
                yield self._difference(wanted.line, Column.SCOPES, wanted.scopes, known.scopes)

    def _values(self) -> dict[Column, Any]:
        values = {column: getattr(self.organization, field) for column, field in _FIELDS.items()}
        waiting = Approval.objects.waiting().filter(organization=self.organization, kind__in=[ACCESS, KEY])
        if not waiting.exists():  # what somebody has to approve first is no difference
            routes = self.organization.enabled_routes() if self.organization.allowlisted else []
            values[Column.ROUTES] = [Route.named(name) for name in routes]
        return values

    def _difference(self, line: int, column: Column, wanted: Any, here: Any) -> dict[str, Any]:
        return {
            "line": line,
            "organization": self.organization.name,
            "column": column.title,
            "in_file": _written(wanted),
            "here": _written(here),
        }


def _written(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(each.route_name if isinstance(each, Route) else each for each in value) or output.NOTHING
    return output.plain(value)


def _keys_of(organization: Organization) -> dict[str, Known]:
    """Return what there is: keys before links, and links before requests; of several the one that can still be used."""
    links = KeyHandover.objects.filter(organization=organization, replaces=None, endpoint=None).order_by("pk")
    requests = Approval.objects.filter(organization=organization, kind=KEY).order_by("asked_at", "pk")
    keys = sorted(
        organization.api_keys.prefetch_related("scopes"), key=lambda key: (key.state is KeyState.ACTIVE, key.pk)
    )
    found = {names.key(each.subject): Known.of_request(each) for each in requests}
    found |= {names.key(each.label): Known.of_link(each) for each in links}
    return found | {names.key(key.label): Known.of_key(key) for key in keys}
