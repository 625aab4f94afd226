"""The life of a link: made, sent, opened, protected by a code, withdrawn. Each step is recorded."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from partners.keys import links
from partners.models.change import Action, Change, ChangeEvent
from partners.models.handover import obstacles
from partners.models.handover.fields import HandoverFields, HandoverState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACTIONS = [action for action in Action if action.value.startswith("handover_")]
HOLDER = "holder of the link"  # who did it, as the record of changes says


class Closed(ValidationError):
    """The link can't be used: the hand-over is in another state, or a newer link was sent."""

    def __init__(self) -> None:
        super().__init__("The link was collected, replaced or withdrawn meanwhile.", code="closed")


class Link(HandoverFields):
    """The link of a hand-over. `KeyHandover` adds the key."""

    class Meta:
        abstract = True

    def new_link(self, change: Change, sender: "User | None", *, with_code: bool = False) -> tuple[str, str]:
        """Return the token of a new link and its code, or "" without one. The link before it no longer works.

        The new one works after `note_sent()`. Raise ValidationError if the hand-over is over, if its organization has
        no contact to send it to, or if it was approved with a code and there is none.
        """
        token, code = links.new_token(), links.new_code() if with_code else ""
        digest = links.token_digest(token)
        with transaction.atomic():
            self._lock()
            self._require_going_on()
            if not with_code:
                obstacles.require_no_code(self)
            self._save(
                sent_to=obstacles.contact_of(self.organization),
                sender=sender,
                sent_by=change.by,
                token_digest=digest,
                code_digest=links.code_digest(code, digest) if code else None,
                code_failures=0,
                link_expires_at=self._link_end(),
                sent_at=None,
                opened_at=None,
                opened_from="",
                refused_at=None,
            )
        return token, code

    def note_sent(self, change: Change) -> None:
        """Open the link, which was sent."""
        end = None if self.link_expires_at is None else self.link_expires_at.isoformat()
        facts = {"sent_to": self.sent_to, "link_expires_at": end, "phone_code": self.has_code}
        self._change(Action.HANDOVER_SENT, change, facts, sent_at=timezone.now())

    def note_not_sent(self, change: Change) -> None:
        """Forget the link, which couldn't be sent. The hand-over waits for another one."""
        self._change(Action.HANDOVER_NOT_SENT, change, {"sent_to": self.sent_to}, token_digest=None)

    def withdraw(self, change: Change) -> None:
        """End the hand-over: its link no longer works, and no key is created."""
        change.require_reason()
        with transaction.atomic():
            self._lock()
            self._require_going_on()
            self._end(change)

    def open(self, source: str) -> bool:
        """Record that somebody used the link. Return True if staff must be alerted: the key was collected before.

        Only the first use afterwards alerts them.
        """
        with transaction.atomic():
            self._lock()
            if self.state is HandoverState.SENT:
                self._save(opened_at=timezone.now(), opened_from=source)
                self._record(Action.HANDOVER_OPENED, Change(HOLDER, source))
            if self.state is not HandoverState.COLLECTED:
                return False
            first = self.reused_at is None
            self._save(reused_at=timezone.now())
            if first:
                self._record(Action.HANDOVER_REUSED, Change(HOLDER, source))
        return first

    def accept_code(self, code: str, source: str) -> bool:
        """Return True if this is the code, or if none is asked for. The last failure locks the link.

        Raise Closed if the link can't be used. Call it outside the transaction of the collection: a failure counts.
        """
        with transaction.atomic():
            self._lock_open()
            if self.code_digest is None or self._is_code(code):
                return True
            self._save(code_failures=self.code_failures + 1)
            if self.state is HandoverState.LOCKED:
                self._record(Action.HANDOVER_LOCKED, Change(HOLDER, source), {"wrong_codes": self.code_failures})
        return False

    @property
    def events(self) -> "models.QuerySet[ChangeEvent]":
        """Return the changes that were recorded about this link, the newest first."""
        return ChangeEvent.objects.filter(organization=self.organization, action__in=ACTIONS, after__link=self.pk)

    @property
    def attempts_left(self) -> int:
        return links.ATTEMPTS - self.code_failures

    def _end(self, change: Change) -> None:
        self._save(withdrawn_at=timezone.now())
        self._record(Action.HANDOVER_WITHDRAWN, change)

    def _link_end(self) -> datetime:
        """Return when a link that is sent now expires: not later than its key would, or the key that it replaces."""
        end = timezone.now() + timedelta(hours=settings.HANDOVER_HOURS)
        fixed = self.expires_at if self.replaces is None else self.replaces.expires_at
        return end if fixed is None else min(end, fixed)

    def _is_code(self, code: str) -> bool:
        digest = links.code_digest(code, bytes(self.token_digest or b""))
        return links.same(digest, bytes(self.code_digest or b""))

    def _require_going_on(self) -> None:
        if self.state.is_over:
            raise ValidationError(
                f"The hand-over is over: the {self.noun} was {self.state.value}.", code=self.state.value
            )

    def _lock(self) -> None:
        """Lock the row and read it; raise Closed if a newer link was made since it was read."""
        rows = type(self)._default_manager.select_for_update(no_key=True)
        if not rows.filter(pk=self.pk, token_digest=self.token_digest).exists():
            raise Closed
        self.refresh_from_db()

    def _lock_open(self) -> None:
        self._lock()
        if not self.state.is_open:
            raise Closed

    def _change(self, action: Action, change: Change, facts: dict[str, Any], **values: Any) -> None:
        with transaction.atomic():
            self._lock()
            self._save(**values)
            self._record(action, change, facts)

    def _save(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=[*values])

    def _record(self, action: Action, change: Change, after: dict[str, Any] | None = None) -> None:
        about = {} if self.endpoint is None else {"endpoint": self.endpoint.public_id}
        key, facts = self.api_key or self.replaces, {"link": self.pk} | about | (after or {})
        ChangeEvent.record(action, change, organization=self.organization, api_key=key, after=facts)
