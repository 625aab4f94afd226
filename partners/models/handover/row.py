"""One hand-over: prepared by staff, sent as a link, and collected once by whoever holds the link.

The key is created only at the collection. Until then there is nothing that could be used or leak but the link itself,
whose token is stored as a digest.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from partners.catalogue import routes
from partners.keys import lifetimes, links
from partners.keys.tokens import Token
from partners.models.change import Action, Change
from partners.models.handover import obstacles
from partners.models.handover.fields import WAITING, HandoverFields
from partners.models.handover.link import HOLDER, Link
from partners.models.keys.key import ApiKey, refuse_overlap
from partners.models.keys.labels import refuse_twin
from partners.models.organization import Organization
from partners.names import tidy

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class KeyHandoverQuerySet(models.QuerySet["KeyHandover"]):
    """Find hand-overs."""

    def waiting(self) -> "KeyHandoverQuerySet":
        """Return those that were neither collected nor withdrawn."""
        return self.filter(WAITING)

    def about(self, key: ApiKey) -> "tuple[KeyHandover | None, KeyHandover | None]":
        """Return how a key was handed over, and the link to its successor that waits."""
        found = list(self.filter(Q(api_key=key) | (WAITING & Q(replaces=key))))
        came = [each for each in found if each.api_key_id == key.pk]
        return next(iter(came), None), next((each for each in found if each not in came), None)

    def of_link(self, token: str) -> "KeyHandover | None":
        """Return the hand-over of a link."""
        rows = self.select_related("organization", "replaces", "sender", "api_key")
        return rows.filter(token_digest=links.token_digest(token)).first()


class KeyHandover(Link):
    """One hand-over. `HandoverFields` has what is stored, `Link` how the link lives."""

    objects = KeyHandoverQuerySet.as_manager()

    class Meta(HandoverFields.Meta):
        verbose_name = "hand-over"

    def __str__(self) -> str:
        return f"{self.label} ({self.state.value})"

    @property
    def permission(self) -> str:
        """Return the permission that staff need to send or withdraw the link."""
        return "partners.issue_apikey" if self.replaces is None else "partners.rotate_apikey"

    @property
    def end(self) -> datetime | None:
        """Return when the key would expire if it was collected now; None for never."""
        lifetime = self.lifetime if self.replaces is None else self.replaces.lifetime
        if self.expires_at is not None or lifetime is None:
            return self.expires_at
        allowed = lifetimes.of_successor(lifetime)
        return None if allowed is None else timezone.now() + allowed

    @classmethod
    def prepare(
        cls,
        change: Change,
        sender: "User | None",
        *,
        organization: Organization,
        label: str,
        scopes: Iterable[routes.Scope],
        is_test: bool = False,
        expires_at: datetime | None = None,
        lifetime: timedelta | None = None,
        **description: Any,
    ) -> "KeyHandover":
        """Describe a new key, to be collected by link; raise ValidationError for what `ApiKey.issue` would refuse.

        Give `lifetime` if the key's life begins with its collection, or else `expires_at`; neither for a key without
        an end date. `description`: owner, note and tags. `sender` is the person who is signed in, None for a command.
        """
        names, label = [scope.value for scope in scopes], tidy(label)
        made = cls(
            organization=organization,
            label=label,
            scopes=names,
            is_test=is_test,
            expires_at=expires_at,
            lifetime=lifetime,
            description=description,
        )
        if not is_test:
            change.require_second_person()
        with transaction.atomic():
            refuse_twin(ApiKey.objects.all(), organization, label)
            ApiKey.clean_description(description)
            ApiKey.require_possible(is_test=is_test, expires_at=made.end)
            made._begin(change, sender)
        return made

    @classmethod
    def prepare_successor(
        cls, change: Change, sender: "User | None", key: ApiKey, *, overlap: timedelta
    ) -> "KeyHandover":
        """Describe the successor of a key, to be collected by link; raise ValidationError if it can't be rotated.

        The key stays as it is until the collection. Only one link waits for it.
        """
        refuse_overlap(overlap)
        if key.organization is None:
            raise ValidationError("The key belongs to no organization, so nobody can get a link.", code="no_contact")
        with transaction.atomic():
            ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
            if refusal := key.refusal(Action.KEY_ROTATED):
                raise refusal
            cls._make_way(key, change)
            made = cls(
                organization=key.organization,
                label=key.label,
                scopes=[scope.name for scope in key.scopes.all()],
                is_test=key.is_test,
                replaces=key,
                overlap=overlap,
            )
            made._begin(change, sender)
        return made

    def obstacle(self) -> ValidationError | None:
        """Return what would forbid the key if it was collected now, or None."""
        return None if self.state.is_over else obstacles.found(self)

    def collect(self, source: str) -> tuple[ApiKey, Token]:
        """Create the key and return it with its token, which is stored nowhere. Of two callers, one gets a key.

        Raise Closed if the link can't be used, ValidationError if something else forbids the key now (the link stays
        as it is), and DigestKeyUnavailable if no digest key is loaded.
        """
        with transaction.atomic():
            self._lock_open()
            if refusal := obstacles.found(self):
                raise refusal
            change = Change(HOLDER, source, self.reason, self.ticket, self.approved_by)
            key, token = self._make(change)
            self._save(api_key=key, collected_at=timezone.now(), collected_from=source)
            self._record(Action.HANDOVER_COLLECTED, change, {"sent_by": self.sent_by, "sent_to": self.sent_to})
        return key, token

    def note_refusal(self, source: str, why: str) -> bool:
        """Record that the key couldn't be collected. Return True if staff must be alerted: for the first time."""
        with transaction.atomic():
            self._lock()
            first = self.refused_at is None
            if first:
                self._save(refused_at=timezone.now())
                self._record(Action.HANDOVER_REFUSED, Change(HOLDER, source), {"why": why})
        return first

    @classmethod
    def _make_way(cls, key: ApiKey, change: Change) -> None:
        """Withdraw a link for this key that can't be used anymore. Refuse if there is one that can."""
        for other in cls.objects.waiting().filter(replaces=key):
            if other.state.may_be_open:
                message = "A link for its successor is waiting. Send that one again, or withdraw it."
                raise ValidationError(message, code="link_waiting")
            other._end(change)

    def _begin(self, change: Change, sender: "User | None") -> None:
        self.sender, self.sent_by, self.reason, self.ticket = sender, change.by, change.reason, change.ticket
        self.approved_by = change.approved_by
        typed = {"sent_by", "reason", "ticket", "approved_by"} | ({"label"} if self.replaces is None else set())
        self.clean_fields(exclude={field.name for field in self._meta.fields} - typed)
        self.save(force_insert=True)
        self._record(Action.HANDOVER_PREPARED, change, self._facts())

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"label": self.label, "scopes": self.scopes, **self.description}
        if self.replaces is not None:
            return facts
        if self.lifetime is not None:
            return facts | {"lifetime": self.lifespan}
        return facts | {"expires_at": None if self.expires_at is None else self.expires_at.isoformat()}

    def _make(self, change: Change) -> tuple[ApiKey, Token]:
        if self.replaces is not None:
            return self.replaces.rotate(change, overlap=self.overlap or timedelta(0))
        return ApiKey.issue(
            change,
            organization=self.organization,
            label=self.label,
            scopes=[scope for scope in routes.Scope if scope.value in self.scopes],
            is_test=self.is_test,
            expires_at=self.end,
            **self.description,
        )
