"""One request for approval: asked for by one person, and approved or declined by another, once."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.utils import timezone

from partners.keys.tokens import Token
from partners.models.approvals.asked_for import AskedFor
from partners.models.approvals.fields import READY_FOR, ApprovalState, Decision
from partners.models.approvals.kinds import Facts
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


class Approval(AskedFor):
    """One request. `AskedFor` says what it is about, `ApprovalFields` what is stored of it."""

    objects = ApprovalQuerySet.as_manager()

    class Meta(AskedFor.Meta):
        verbose_name = "approval"

    @property
    def after(self) -> Facts:
        """Return what `before` becomes, in the names of a recorded change."""
        return self.of_kind.after(self, self.before)

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
        """Make the change, as the person who asked. If the key is to be shown, that person can issue it now.

        Return the link to send, if there is one. Raise ValidationError if it is decided, if this person may
        not approve it, or if it isn't possible anymore: then the request still waits.
        """
        with transaction.atomic():
            self._lock_waiting()
            if self.is_of(user):
                raise ValidationError(OWN, code="own")
            self.require_permitted(user)
            if obstacle := self.obstacle():
                raise obstacle
            self.before = self.of_kind.before(self)
            handover = self.of_kind.carry_out(self, replace(self.asked_change, approved_by=change.by))
            self._decide(Decision.APPROVED, Action.APPROVED, user, change, before=self.before, handover=handover)
        return handover

    def decline(self, user: "User", change: Change) -> None:
        """End the request; raise ValidationError without a reason, if it is decided or if this person may not."""
        change.require_reason()
        with transaction.atomic():
            self._lock_waiting()
            if self.is_of(user):
                raise ValidationError("You asked for this yourself. Withdraw it instead.", code="own")
            self.require_permitted(user)
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
            if self.asker != user or (user is None and not self.is_of_command(change)):
                raise ValidationError(f"Only {self.asked_by}, who asked for this key, can issue it.", code="not_own")
            if user is not None:
                self.require_permitted(user)
            change = replace(change, reason=self.reason, ticket=self.ticket, approved_by=self.decided_by)
            key, token = self.wanted_key.issue(change)
            self._save(api_key=key)
        return key, token

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


_UNREADY = {
    ApprovalState.WAITING: "Nobody has approved this yet.",
    ApprovalState.APPROVED: "This key was issued already.",
    ApprovalState.LAPSED: f"The approval was not used within {READY_FOR.days} days. Ask for the key again.",
    ApprovalState.DECLINED: "This was declined.",
    ApprovalState.WITHDRAWN: "This was withdrawn.",
}
