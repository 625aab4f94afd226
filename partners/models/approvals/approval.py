"""One request for approval: asked for by one person, and approved or declined by another, once."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from partners.keys.tokens import Token
from partners.models.approvals.fields import READY_FOR, ApprovalFields, ApprovalState, Decision
from partners.models.approvals.key import WantedKey
from partners.models.approvals.kinds import KEY, KINDS, Facts, Kind
from partners.models.change import Action, Change, ChangeEvent
from partners.models.handover.row import KeyHandover
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OWN = "You asked for this yourself. Another person has to approve it."


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Find requests."""

    def waiting(self) -> "ApprovalQuerySet":
        """Return those that nobody has decided, the oldest first."""
        return self.filter(decision="").order_by("asked_at", "pk")

    def waiting_first(self) -> "ApprovalQuerySet":
        """Return all in the order of the list: those that wait, then the newest."""
        late = Case(When(decision="", then=Value(0)), default=Value(1))
        return self.order_by(late, "-asked_at", "-pk")

    def ready(self, user: "User") -> "ApprovalQuerySet":
        """Return the approved keys that this person can issue now."""
        rows = self.filter(asker=user, decision=Decision.APPROVED, by_asker=True, api_key=None)
        return rows.filter(decided_at__gt=timezone.now() - READY_FOR)


class Approval(ApprovalFields):
    """One request. `ApprovalFields` has what is stored, `KINDS` what can be asked for."""

    objects = ApprovalQuerySet.as_manager()

    class Meta(ApprovalFields.Meta):
        verbose_name = "approval"

    def __str__(self) -> str:
        return f"{self.title} ({self.state.value})"

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]

    @property
    def title(self) -> str:
        return self.of_kind.title

    @property
    def after(self) -> Facts:
        """Return what `before` becomes, in the names of a recorded change."""
        return self.of_kind.after(self, self.before)

    @property
    def permissions(self) -> list[str]:
        """Return the permissions that the change itself needs, and so its approval."""
        return self.of_kind.permissions(self.facts)

    @property
    def wanted_key(self) -> WantedKey:
        """Return the key that is asked for, if it is one."""
        return WantedKey.of(self.organization, self.facts)

    @property
    def sends_link(self) -> bool:
        """Return True if the approval sends a link. One with a code is sent by the person who reads out the code."""
        return self.kind == KEY and self.wanted_key.by_link and not self.wanted_key.phone_code

    @property
    def approved_change(self) -> Change:
        """Return the change that was approved: by whom, and by whom else."""
        return replace(self._change, approved_by=self.decided_by)

    @property
    def subject(self) -> str:
        """Return what the request is about, in a few words."""
        named = self.facts.get("label") or self.facts.get("url")
        return str(named or (self.api_key and self.api_key.label) or "")

    @classmethod
    def ask(
        cls,
        kind: str,
        facts: Facts,
        change: Change,
        asker: "User | None",
        *,
        organization: Organization | None = None,
        api_key: ApiKey | None = None,
        by_asker: bool = False,
    ) -> "Approval":
        """Ask for a change; raise ValidationError if the same is waiting already. `asker` is None for a command."""
        change.require_reason()
        made = cls(kind=kind, facts=facts, organization=organization, api_key=api_key, asker=asker, by_asker=by_asker)
        made.asked_by, made.asked_from = change.by, change.source
        made.reason, made.ticket = change.reason, change.ticket
        made.clean_fields(exclude={each.name for each in cls._meta.fields} - {"asked_by", "reason", "ticket"})
        with transaction.atomic():
            if organization is not None:  # its requests are made one after the other
                Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
            made._refuse_repetition()
            made.before = made.of_kind.before(made)
            made.save(force_insert=True)
            made._record(Action.APPROVAL_REQUESTED, change)
        return made

    def approve(self, user: "User", change: Change) -> KeyHandover | None:
        """Make the change, as the person who asked, or allow that person to issue the key. Return the link to send.

        Raise ValidationError if it is decided, if this person may not approve it, or if it isn't possible anymore: then
        the request still waits.
        """
        with transaction.atomic():
            self._lock_waiting()
            if self.is_of(user):
                raise ValidationError(OWN, code="own")
            self._require_permitted(user)
            if obstacle := self.obstacle():
                raise obstacle
            self.before = self.of_kind.before(self)
            handover = self.of_kind.carry_out(self, replace(self._change, approved_by=change.by))
            self._decide(Decision.APPROVED, Action.APPROVED, user, change, before=self.before, handover=handover)
        return handover

    def decline(self, user: "User", change: Change) -> None:
        """End the request; raise ValidationError without a reason, if it is decided or if this person may not."""
        change.require_reason()
        with transaction.atomic():
            self._lock_waiting()
            if self.is_of(user):
                raise ValidationError("You asked for this yourself. Withdraw it instead.", code="own")
            self._require_permitted(user)
            self._decide(Decision.DECLINED, Action.APPROVAL_DECLINED, user, change)

    def withdraw(self, user: "User", change: Change) -> None:
        """End the request by the person who asked; raise ValidationError if it is decided, or another's."""
        with transaction.atomic():
            self._lock_waiting()
            if not self.is_of(user):
                raise ValidationError("Only the person who asked can withdraw this.", code="not_own")
            self._decide(Decision.WITHDRAWN, Action.APPROVAL_WITHDRAWN, user, change)

    def issue(self, change: Change, user: "User | None") -> tuple[ApiKey, Token]:
        """Issue the approved key, once, to the person who asked; `user` is None for a command.

        Raise ValidationError if it isn't ready or not theirs, and what `ApiKey.issue()` raises.
        """
        with transaction.atomic():
            self._lock()
            if self.state is not ApprovalState.READY:
                raise ValidationError(_UNREADY[self.state], code=self.state.value)
            if self.asker != user or (user is None and not _same(self.asked_by, change.by)):
                raise ValidationError(f"Only {self.asked_by}, who asked for this key, can issue it.", code="not_own")
            if user is not None:
                self._require_permitted(user)
            change = replace(change, reason=self.reason, ticket=self.ticket, approved_by=self.decided_by)
            key, token = self.wanted_key.issue(change)
            self._save(api_key=key)
        return key, token

    def is_of(self, user: "User") -> bool:
        """Return True if this person asked, or somebody under this name, as commands do."""
        return self.asker_id == user.pk or _same(self.asked_by, user.get_username())

    def may_decide(self, user: "User") -> bool:
        """Return True if this person may approve or decline."""
        return not self.is_of(user) and self.permits(user)

    def obstacle(self) -> ValidationError | None:
        """Return why nobody can approve this now, as far as the person who asked is concerned, or None."""
        if self.asker is None or self.permits(self.asker):
            return None
        return ValidationError(
            f"{self.asked_by}, who asked for this, may no longer do it. Decline the request.", code="not_trusted"
        )

    @property
    def _change(self) -> Change:
        return Change(self.asked_by, self.asked_from, self.reason, self.ticket)

    def _require_permitted(self, user: "User") -> None:
        if not self.permits(user):
            raise ValidationError("You don't have the permission for this change.", code="not_permitted")

    def permits(self, user: "User") -> bool:
        """Return True if this person has the permissions of the change."""
        return user.is_active and user.has_perms(self.permissions)

    def _refuse_repetition(self) -> None:
        others = Approval.objects.waiting().filter(kind=self.kind, organization=self.organization, api_key=self.api_key)
        if any(self.of_kind.repeats(self.facts, each.facts) for each in others):
            raise ValidationError("The same is already waiting for approval.", code="already_waiting")

    def _lock(self) -> None:
        """Lock the row and read it."""
        type(self).objects.select_for_update(no_key=True).get(pk=self.pk)
        self.refresh_from_db()

    def _lock_waiting(self) -> None:
        self._lock()
        if self.decision:
            raise ValidationError(f"{self.decided_by} has already decided this: {self.decision}.", code="decided")

    def _decide(self, decision: Decision, action: Action, user: "User", change: Change, **values: Any) -> None:
        decided = {"decision": decision, "decided_at": timezone.now(), "decided_by": change.by, "decider": user}
        self.note = change.reason
        self.clean_fields(exclude={each.name for each in self._meta.fields} - {"note"})
        self._save(note=change.reason, **decided, **values)
        self._record(action, change)

    def _save(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=[*values])

    def _record(self, action: Action, change: Change) -> None:
        ChangeEvent.record(
            action,
            change,
            organization=self.organization,
            api_key=self.api_key,
            before=self.before,
            after={"asked_for": self.title, "approval": self.pk} | self.after,
        )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


_UNREADY = {
    ApprovalState.WAITING: "Nobody has approved this yet.",
    ApprovalState.APPROVED: "This key was issued already.",
    ApprovalState.LAPSED: f"The approval was not used within {READY_FOR.days} days. Ask for the key again.",
    ApprovalState.DECLINED: "This was declined.",
    ApprovalState.WITHDRAWN: "This was withdrawn.",
}
