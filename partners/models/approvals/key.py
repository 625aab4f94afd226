"""A live key that somebody asks for: its facts as JSON, and the two ways to make it once it is approved."""

from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from partners.keys.tokens import Token
from partners.models.change import Change
from partners.models.handover.row import KeyHandover
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NEVER_SAVED = "a check"


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key as it was asked for, with the access that its organization gets together with it.

    It expires at `expires_at`, or after `lifetime` from its issue or its collection, or never. By link, its contact
    collects it; otherwise it is shown to the person who asked. With a phone code, that person also sends the link.
    """

    organization: Organization | None
    label: str
    scopes: list[Scope]
    by_link: bool
    expires_at: datetime | None = None
    lifetime: timedelta | None = None
    description: dict[str, Any] = field(default_factory=dict)
    allowlist: bool = False
    enable: list[Route] = field(default_factory=list)
    phone_code: bool = False

    @classmethod
    def of(cls, organization: Organization | None, facts: dict[str, Any]) -> "WantedKey":
        """Return the key that these facts describe."""
        end, hours = facts["expires_at"], facts["lifetime_hours"]
        return cls(
            organization,
            facts["label"],
            [scope for scope in Scope if scope.value in facts["scopes"]],
            facts["by_link"],
            end and datetime.fromisoformat(end),
            hours and timedelta(hours=hours),
            facts["description"],
            facts["allowlist"],
            [route for route in Route.grantable() if route.route_name in facts["enable"]],
            facts["phone_code"],
        )

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "scopes": [scope.value for scope in self.scopes],
            "expires_at": self.expires_at and self.expires_at.isoformat(),
            "lifetime_hours": self.lifetime and int(self.lifetime.total_seconds() // 3600),
            "description": self.description,
            "allowlist": self.allowlist,
            "enable": [route.route_name for route in self.enable],
            "by_link": self.by_link,
            "phone_code": self.phone_code,
        }

    @property
    def shown(self) -> dict[str, Any]:
        """Return what people read about it, in the names of a recorded change."""
        hours = self.facts["lifetime_hours"]
        life = {"lifetime": f"{hours} hours" if hours % 24 else f"{hours // 24} days"} if hours else {}
        opened: dict[str, Any] = {"allowlisted": True} if self.allowlist else {}
        if self.enable:
            opened["routes"] = self.facts["enable"]
        way = "by link, with a code by phone" if self.phone_code else "by link"
        return (
            {"label": self.label, "scopes": self.facts["scopes"]}
            | (life or {"expires_at": self.facts["expires_at"]})
            | self.description
            | opened
            | {"handed_over": way if self.by_link else "shown once to the person who asked"}
        )

    @property
    def opens(self) -> bool:
        """Return True if the organization gets any access together with the key."""
        return self.allowlist or bool(self.enable)

    def check(self, change: Change) -> None:
        """Raise what `open()` and `issue()` would raise if it was approved now. Nothing is kept of it."""
        with transaction.atomic():
            tried = replace(self, organization=copy(self.organization))  # its row is rolled back, but not the object
            tried.open(replace(change, approved_by=NEVER_SAVED))
            tried.issue(replace(change, approved_by=NEVER_SAVED))
            transaction.set_rollback(True)

    def open(self, change: Change) -> None:
        """Give the organization the access that it gets together with the key."""
        if self.organization is not None and self.opens:
            self.organization.set_access(change, allowlisted=self.allowlist or None, enable=self.enable)

    def issue(self, change: Change) -> tuple[ApiKey, Token]:
        """Issue the key; errors as of `ApiKey.issue()`."""
        end = self.expires_at if self.lifetime is None else timezone.now() + self.lifetime
        return ApiKey.issue(change, expires_at=end, **self._values)

    def prepare(self, change: Change, sender: "User | None") -> KeyHandover:
        """Describe the key for a link; errors as of `KeyHandover.prepare()`."""
        return KeyHandover.prepare(change, sender, expires_at=self.expires_at, lifetime=self.lifetime, **self._values)

    @property
    def _values(self) -> dict[str, Any]:
        return {"organization": self.organization, "label": self.label, "scopes": self.scopes} | self.description
