"""One hand-over: prepared by staff, sent as a link, and collected once by whoever holds the link.

The key is created only at the collection, and a signing secret is derived then. Until then there is nothing that could
be used or leak but the link itself, whose token is stored as a digest.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from partners.catalogue import routes
from partners.formats import endpoint_urls
from partners.keys import lifetimes
from partners.keys.tokens import Token
from partners.models.change import Action, Change
from partners.models.handover import obstacles
from partners.models.handover.fields import HandoverFields
from partners.models.handover.handovers import KeyHandoverQuerySet
from partners.models.handover.link import HOLDER, Link
from partners.models.keys import labels
from partners.models.keys.key import ApiKey, refuse_overlap
from partners.models.organization import Organization
from partners.models.webhooks.endpoint import WebhookEndpoint
from partners.names import tidy

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
        if self.endpoint_id is not None:
            return "partners.change_organization"
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
            labels.refuse_twin(ApiKey.objects.all(), organization, label)
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
            cls._make_way(cls.objects.waiting().filter(replaces=key), change)
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

    @classmethod
    def prepare_secret(cls, change: Change, sender: "User | None", endpoint: WebhookEndpoint) -> "KeyHandover":
        """Hand over the newest signing secret of an endpoint by link; raise ValidationError if somebody has seen it.

        Only one link waits for an endpoint.
        """
        with transaction.atomic():
            newest = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
            newest.require_unshown()
            cls._make_way(cls.objects.waiting().filter(endpoint=newest), change)
            host = endpoint_urls.read(newest.url).host
            made = cls(
                organization=newest.organization,
                label=f"Signing secret of {host}"[: labels.LONGEST],
                endpoint=newest,
                generation=newest.newest_generation,
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
            change = self._allowed(source)
            key, token = self._make(change)
            self._note_collected(change, api_key=key)
        return key, token

    def collect_secret(self, source: str) -> str:
        """Return the signing secret that this link is for. Errors as of `collect()`."""
        with transaction.atomic():
            endpoint = cast(WebhookEndpoint, self.endpoint)
            endpoint.lock()
            change = self._allowed(source)
            secret = endpoint.show_secret(change)
            self._note_collected(change)
        return secret

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
    def _make_way(cls, others: KeyHandoverQuerySet, change: Change) -> None:
        """Withdraw those of these links that can't be used anymore. Refuse if there is one that can."""
        for other in others:
            if other.state.may_be_open and other.generation in (None, other._newest_generation):
                message = "A link is waiting already. Send that one again, or withdraw it."
                raise ValidationError(message, code="link_waiting")
            other._end(change)

    @property
    def _newest_generation(self) -> int | None:
        return None if self.endpoint is None else self.endpoint.newest_generation

    def _allowed(self, source: str) -> Change:
        """Lock the row, and return the change of its collection."""
        self._lock_open()
        if refusal := obstacles.found(self):
            raise refusal
        return Change(HOLDER, source, self.reason, self.ticket, self.approved_by)

    def _note_collected(self, change: Change, **made: ApiKey) -> None:
        self._save(collected_at=timezone.now(), collected_from=change.source, **made)
        self._record(Action.HANDOVER_COLLECTED, change, {"sent_by": self.sent_by, "sent_to": self.sent_to})

    def _begin(self, change: Change, sender: "User | None") -> None:
        self.sender, self.sent_by, self.reason, self.ticket = sender, change.by, change.reason, change.ticket
        self.approved_by = change.approved_by
        typed = {"sent_by", "reason", "ticket", "approved_by"} | ({"label"} if self.replaces is None else set())
        self.clean_fields(exclude={field.name for field in self._meta.fields} - typed)
        self.save(force_insert=True)
        self._record(Action.HANDOVER_PREPARED, change, self._facts())

    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"label": self.label, "scopes": self.scopes, **self.description}
        if self.endpoint is not None:
            return {"label": self.label, "url": self.endpoint.url, "generation": self.generation}
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
