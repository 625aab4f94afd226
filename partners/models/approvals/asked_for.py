"""What a request asks for, and who may do what about it. What is done about it is in `Approval`."""

from dataclasses import replace
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from partners.models.approvals.fields import ApprovalFields
from partners.models.approvals.key import WantedKey
from partners.models.approvals.kinds import KEY, KINDS, Kind
from partners.models.change import Change

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class AskedFor(ApprovalFields):
    """A request as people read it. `KINDS` says what can be asked for."""

    class Meta(ApprovalFields.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.title} ({self.state.value})"

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]

    @property
    def title(self) -> str:
        return self.of_kind.title

    @property
    def subject(self) -> str:
        """Return what the request is about, in a few words."""
        named = self.facts.get("label") or self.facts.get("url")
        return str(named or (self.api_key and self.api_key.label) or "")

    @property
    def permissions(self) -> list[str]:
        """Return the permissions that the change itself needs, and so its approval."""
        return self.of_kind.permissions(self.facts)

    @property
    def wanted_key(self) -> WantedKey:
        """Return the key that is asked for, if it is one."""
        return WantedKey.of(self.organization, self.facts)

    @property
    def is_by_link(self) -> bool:
        """Return True if the contact of the organization gets a link to the key."""
        return self.kind == KEY and self.wanted_key.by_link

    @property
    def sends_link(self) -> bool:
        """Return True if the approval sends a link. One with a code is sent by the person who reads out the code."""
        return self.is_by_link and not self.wanted_key.phone_code

    @property
    def asked_change(self) -> Change:
        """Return the change that was asked for."""
        return Change(self.asked_by, self.asked_from, self.reason, self.ticket)

    @property
    def approved_change(self) -> Change:
        """Return the change that was approved: by whom, and by whom else."""
        return replace(self.asked_change, approved_by=self.decided_by)

    def is_of(self, user: "User") -> bool:
        """Return True if this person asked, or somebody under this name, as commands do."""
        return self.asker_id == user.pk or _same(self.asked_by, user.get_username())

    def is_of_command(self, change: Change) -> bool:
        """Return True if a command asked, under the name of this change."""
        return self.asker is None and _same(self.asked_by, change.by)

    def permits(self, user: "User") -> bool:
        """Return True if this person has the permissions of the change."""
        return user.is_active and user.has_perms(self.permissions)

    def may_decide(self, user: "User") -> bool:
        """Return True if this person may approve or decline."""
        return not self.is_of(user) and self.permits(user)

    def require_permitted(self, user: "User") -> None:
        """Raise ValidationError if this person lacks a permission of the change."""
        if not self.permits(user):
            raise ValidationError("You don't have the permission for this change.", code="not_permitted")

    def obstacle(self) -> ValidationError | None:
        """Return why nobody can approve this now, as far as the person who asked is concerned, or None."""
        if self.asker is None or self.permits(self.asker):
            return None
        return ValidationError(
            f"{self.asked_by}, who asked for this, may no longer do it. Decline the request.", code="not_trusted"
        )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
