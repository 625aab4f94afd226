"""The endpoints that webhooks are sent to, and what staff change about them."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from partners.catalogue.events import EventType
from partners.formats import endpoint_urls
from partners.formats.endpoint_urls import Malformed
from partners.identifiers import PublicIdField
from partners.keys import digests, webhook_secrets
from partners.models.change import Action, Change, ChangeEvent
from partners.models.organization import Organization
from partners.models.webhooks.endpoints import OffWhy, WebhookEndpointQuerySet
from partners.models.webhooks.event import WebhookEvent
from partners.models.webhooks.signing_keys import SigningKeys

if TYPE_CHECKING:
    from partners.models.webhooks.delivery import WebhookDelivery


def well_formed(url: str) -> None:
    """Raise ValidationError unless webhooks can be sent to this URL, wherever it leads."""
    try:
        endpoint_urls.read(url)
    except Malformed as fault:
        raise ValidationError(str(fault), code="invalid_url") from None


class WebhookEndpoint(SigningKeys):
    """A URL of a partner that events are sent to. The URL never changes: add another endpoint for a new one."""

    public_id = PublicIdField("whe")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="webhook_endpoints")
    url = models.CharField("URL", max_length=endpoint_urls.LONGEST, validators=[well_formed])
    events = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    off_at = models.DateTimeField(null=True, editable=False)
    off_why = models.CharField(max_length=7, choices=OffWhy, blank=True, default="", editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    told_failing_at = models.DateTimeField(null=True, editable=False)
    told_off_at = models.DateTimeField(null=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ()
        verbose_name = "webhook endpoint"
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="webhook_endpoint_public_id_unique"),
            models.UniqueConstraint(
                fields=["organization", "url"], condition=Q(off_at=None), name="webhook_endpoint_url_on_once"
            ),
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="webhook_endpoint_is_https"),
            models.CheckConstraint(
                condition=Q(off_at=None, off_why="") | Q(off_at__isnull=False, off_why__in=OffWhy.values),
                name="webhook_endpoint_off_says_why",
            ),
            SigningKeys.next_is_whole("webhook_endpoint_next_secret_whole"),
        ]
        indexes = [
            models.Index(fields=["failing_since"], condition=Q(failing_since__isnull=False), name="webhook_failing"),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def changes(self) -> "models.QuerySet[ChangeEvent]":
        """Return the changes that were recorded about this endpoint and the links to its secret, the newest first."""
        return ChangeEvent.objects.filter(organization=self.organization, after__endpoint=self.public_id)

    @property
    def is_on(self) -> bool:
        return self.off_at is None

    @classmethod
    def add(
        cls, change: Change, *, organization: Organization, url: str, events: Iterable[EventType]
    ) -> "WebhookEndpoint":
        """Add an endpoint that is on. Raise ValidationError for a bad URL, or for one that is on already.

        Raise it too without the second person that a deployment may require, and DigestKeyUnavailable if no digest key
        is loaded.
        """
        change.require_second_person()
        endpoint = cls(organization=organization, url=endpoint_urls.kept(url), events=_chosen(events))
        endpoint.digest_key_number = digests.current()
        endpoint.clean_fields(exclude={"organization", "events"})
        with transaction.atomic():
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
            endpoint._refuse_twin()
            endpoint.save(force_insert=True)
            endpoint._record(Action.WEBHOOK_ADDED, change, after={"events": endpoint.events})
        return endpoint

    def switch_off(self, change: Change, why: OffWhy = OffWhy.STAFF) -> None:
        """Send nothing more to it; raise ValidationError if it is already off, or without a reason."""
        change.require_reason()
        with transaction.atomic():
            self.lock()
            if not self.is_on:
                raise ValidationError("The endpoint is already off.", code="off")
            self._save(off_at=timezone.now(), off_why=why)
            self._record(Action.WEBHOOK_SWITCHED_OFF, change, after={"why": OffWhy(why).label})

    def switch_on(self, change: Change) -> None:
        """Send events again; raise ValidationError if it is already on, or if its secret can't be derived.

        What was dropped while it was off can be replayed.
        """
        change.require_reason()
        with transaction.atomic():
            Organization.objects.select_for_update(no_key=True).get(pk=self.organization_id)
            self.lock()
            if self.is_on:
                raise ValidationError("The endpoint is already on.", code="on")
            if self.digest_key_number not in digests.loaded():
                message = "Its secret can't be derived: the digest key is not loaded. Make a new secret first."
                raise ValidationError(message, code="no_digest_key")
            self._refuse_twin()
            self._save(off_at=None, off_why="", failing_since=None, told_failing_at=None, told_off_at=None)
            self._record(Action.WEBHOOK_SWITCHED_ON, change)

    def new_secret(self, change: Change, *, starts_at: datetime | None = None, beside: bool = False) -> None:
        """Make a new secret: in force now, from `starts_at`, or `beside` the old one until told.

        Until it is in force, what is sent has the signatures of both. If nobody has seen the old one, the new one is in
        force now, whatever was chosen. Raise ValidationError for a time that is past, and DigestKeyUnavailable if no
        digest key is loaded.
        """
        change.require_reason()
        if starts_at is not None and starts_at <= timezone.now():
            raise ValidationError("Choose a time in the future for the new secret.", code="past")
        with transaction.atomic():
            self.lock()
            before, values = self.newest_generation, self._renewed(starts_at, beside=beside)
            self._save(**values)
            waits = self.has_next and self.next_starts_at is None
            when = "later" if waits else (self.next_starts_at or timezone.now()).isoformat()
            facts = {"generation": self.newest_generation, "in_force": when}
            self._record(Action.WEBHOOK_SECRET_RENEWED, change, {"generation": before}, facts)

    def finish_new_secret(self, change: Change) -> None:
        """Put the new secret in force now, and end the old one.

        Raise ValidationError if there is none, or if nobody has seen it.
        """
        with transaction.atomic():
            self.lock()
            if not self.has_next:
                raise ValidationError("No new secret is waiting to come into force.", code="no_new_secret")
            if self.is_unshown:
                raise ValidationError("Nobody has the new secret yet. Hand it over first.", code="unshown")
            self._save(**self._in_force())
            facts = {"generation": self.generation, "in_force": timezone.now().isoformat()}
            self._record(Action.WEBHOOK_SECRET_IN_FORCE, change, after=facts)

    def show_secret(self, change: Change) -> str:
        """Return the newest secret as partners get it, once; raise ValidationError if somebody has seen it.

        Raise DigestKeyUnavailable if its digest key is not loaded.
        """
        with transaction.atomic():
            self.lock()
            self.require_unshown()
            secret = self.secret(self.newest_generation)
            self._save(shown_generation=self.newest_generation)
            self._record(Action.WEBHOOK_SECRET_SHOWN, change, after={"generation": self.newest_generation})
        return secret

    def send_test(self, change: Change) -> "WebhookDelivery":
        """Have a test event sent to this endpoint alone, even if it is off, and return its delivery."""
        with transaction.atomic():
            event = WebhookEvent.objects.create(type=EventType.ENDPOINT_TEST, organization=self.organization)
            delivery: WebhookDelivery = self.deliveries.create(event=event)
            self._record(Action.WEBHOOK_TESTED, change, after={"event": event.public_id})
        return delivery

    def secret(self, generation: int) -> str:
        """Return the secret of one of its generations as partners get it."""
        return webhook_secrets.shown(self.secret_bytes(generation))

    def _refuse_twin(self) -> None:
        """Raise ValidationError if this URL is on already. The organization must be locked."""
        if WebhookEndpoint.objects.on().filter(organization=self.organization, url=self.url).exists():
            raise ValidationError({"url": ValidationError("This URL is already an endpoint.", code="twin")})

    def lock(self) -> None:
        """Lock the row until the end of the transaction, and read it."""
        type(self).objects.select_for_update(no_key=True).get(pk=self.pk)
        self.refresh_from_db()

    def _save(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=[*values])

    def _record(
        self, action: Action, change: Change, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
    ) -> None:
        facts = {"endpoint": self.public_id, "url": self.url} | (after or {})
        ChangeEvent.record(action, change, organization=self.organization, before=before, after=facts)


def _chosen(events: Iterable[EventType]) -> list[str]:
    """Return the events in the catalogue's order; raise ValidationError if there are none, or not public ones."""
    wanted = {*events}
    chosen = [each.value for each in EventType.public() if each in wanted]
    if not chosen or len(chosen) < len(wanted):
        raise ValidationError({"events": ValidationError("Choose events of the list.", code="invalid_events")})
    return chosen
