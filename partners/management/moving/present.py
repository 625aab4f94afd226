"""What there is already: organizations and keys that a file describes, and where they differ from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from partners import names
from partners.catalogue.routes import Route
from partners.finding.lookup import find_organization
from partners.formats.moments import rfc3339
from partners.management import output
from partners.management.moving.columns import Column
from partners.management.moving.faults import Fault
from partners.management.moving.gathering import Partner, Wanted
from partners.models import ApiKey, Approval, HandoverState, KeyHandover, Organization
from partners.models.approvals.fields import ApprovalState
from partners.models.approvals.kinds import ACCESS, KEY, Facts
from partners.models.keys.lifecycle import KeyState

_LIKE_ID = "org_"
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
    """What there is of a wanted key: the key, the link to it, or the request for it.

    It is over if nobody has a key by it or will get one. A key has both a lifetime and an end, the others one of them.
    """

    state: str
    scopes: list[str]
    lifetime: timedelta | None
    expires_at: datetime | None
    is_over: bool
    key: ApiKey | None = None
    link: KeyHandover | None = None
    approval: Approval | None = None

    @classmethod
    def of_request(cls, approval: Approval) -> "Known":
        state, wanted = approval.state, approval.wanted_key
        is_over = state not in (ApprovalState.WAITING, ApprovalState.READY)
        return cls(
            f"approval {state.value}",
            approval.facts["scopes"],
            wanted.lifetime,
            wanted.expires_at,
            is_over,
            approval=approval,
        )

    @classmethod
    def of_link(cls, link: KeyHandover) -> "Known":
        return cls(link.state.value, link.scopes, link.lifetime, link.expires_at, link.state.is_over, link=link)

    @classmethod
    def of_key(cls, key: ApiKey) -> "Known":
        scopes, is_over = [scope.name for scope in key.scopes.all()], key.state in (KeyState.EXPIRED, KeyState.REVOKED)
        return cls(key.state.value, scopes, key.lifetime, key.expires_at, is_over, key=key)

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
            if refusal.code != "organization_not_found" or names.key(partner.name).startswith(_LIKE_ID):
                message = " ".join(refusal.messages)
                faults.append(Fault(partner.line, Column.ORGANIZATION.title, partner.name, message))
            return None
        return cls(organization, _keys_of(organization))

    @property
    def waits_for_allowlist(self) -> bool:
        """Return True if a request to allowlist the organization waits for approval."""
        return any(facts["allowlist"] for facts in self._asked_for())

    def differences(self, partner: Partner) -> Iterator[dict[str, Any]]:
        """Yield what the file says otherwise. None of it is changed."""
        here = self._values()
        for column, value in partner.values.items():
            if column in here and _compared(here[column]) != _compared(value):
                yield self._difference(partner.lines[column], column, value, here[column])
        for wanted in partner.keys:
            if known := self.keys.get(wanted.key):
                yield from self._differences_of_key(wanted, known)

    def _differences_of_key(self, wanted: Wanted, known: Known) -> Iterator[dict[str, Any]]:
        if not wanted.is_vague and {*known.scopes} != {*wanted.scopes}:
            yield self._difference(wanted.line, Column.SCOPES, wanted.scopes, known.scopes)
        if wanted.has_default_life:
            return
        by_lifetime = "lifetime" in wanted.life or known.expires_at is None
        in_file, here = _lives(**wanted.life), _lives(known.lifetime if by_lifetime else None, known.expires_at)
        if in_file != here:
            yield self._difference(wanted.line, Column.EXPIRES, in_file, here)

    def _asked_for(self) -> list[Facts]:
        """Return the waiting requests that give the organization more access."""
        waiting = Approval.objects.waiting().filter(organization=self.organization, kind__in=[ACCESS, KEY])
        return [each.facts for each in waiting if each.facts["allowlist"] or each.facts["enable"]]

    def _values(self) -> dict[Column, Any]:
        values = {column: getattr(self.organization, field) for column, field in _FIELDS.items()}
        if not self._asked_for():  # what somebody has to approve first is no difference
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


def _compared(value: Any) -> Any:
    """Return a value as it is compared: a form stores other line ends than a file, and more than one blank."""
    return names.tidy(value.replace("\r\n", "\n")) if isinstance(value, str) else value


def _lives(lifetime: timedelta | None = None, expires_at: datetime | None = None) -> str:
    """Return how long a key lives, as the file would say it."""
    if lifetime is None:
        return rfc3339(expires_at) or "never"
    hours = round(lifetime / timedelta(hours=1))
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"


def _written(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(each.route_name if isinstance(each, Route) else each for each in value) or output.NOTHING
    return output.plain(value)


def _keys_of(organization: Organization) -> dict[str, Known]:
    """Return what there is of the live keys: keys before links, and links before requests, but last what is over."""
    links = organization.handovers.filter(replaces=None, endpoint=None, is_test=False).order_by("pk")
    requests = Approval.objects.filter(organization=organization, kind=KEY).order_by("asked_at", "pk")
    keys = sorted(
        organization.api_keys.filter(is_test=False).prefetch_related("scopes"),
        key=lambda key: (key.state is KeyState.ACTIVE, key.pk),
    )
    found = [
        *((each.subject, Known.of_request(each)) for each in requests),
        *((each.label, Known.of_link(each)) for each in links),
        *((each.label, Known.of_key(each)) for each in keys),
    ]
    found.sort(key=lambda each: not each[1].is_over)
    return {names.key(label): known for label, known in found}
