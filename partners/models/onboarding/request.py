"""One request for access. It gives nobody access, and doesn't become an organization by itself: staff decide."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, URLValidator
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from partners.catalogue.presets import Preset
from partners.identifiers import PublicIdField
from partners.models.change import Action, Change, ChangeEvent
from partners.models.onboarding.quota import OnboardingCount
from partners.models.organization import Organization
from partners.names import readable, tidy
from partners.text import printable, printable_lines

KEPT = timedelta(days=90)  # after the decision
LONGEST_PURPOSE = 1_000
UNDECIDED = ("undecided", "Not sure yet")
WANTED = [*((preset.preset_name, preset.title) for preset in Preset), UNDECIDED]
DECIDED = "This request was already accepted or declined."


class OnboardingState(StrEnum):
    """What staff have decided."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class OnboardingRequestQuerySet(models.QuerySet["OnboardingRequest"]):
    """Find requests."""

    def in_state(self, state: OnboardingState) -> "OnboardingRequestQuerySet":
        """Return those in a state: the waiting ones oldest first, the others by decision, newest first."""
        if state is OnboardingState.WAITING:
            return self.filter(decided_at=None).order_by("requested_at", "pk")
        decided = self.filter(decided_at__isnull=False, organization__isnull=state is OnboardingState.DECLINED)
        return decided.select_related("organization").order_by("-decided_at", "-pk")

    def due(self) -> "OnboardingRequestQuerySet":
        """Return those that were decided so long ago that they are no longer kept."""
        return self.filter(decided_at__lt=timezone.now() - KEPT)


class OnboardingRequest(models.Model):
    """What somebody asked for on the developer pages. None of it is verified.

    `source` is the network that it came from. `organization` is the one that was created from it.
    """

    public_id = PublicIdField("acr")
    organization_name = models.CharField("organization", max_length=200, validators=[printable])
    contact_name = models.CharField("contact", max_length=200, validators=[printable])
    contact_email = models.EmailField("contact's e-mail", validators=[printable])
    purpose = models.TextField(
        max_length=LONGEST_PURPOSE, validators=[printable_lines, MaxLengthValidator(LONGEST_PURPOSE)]
    )
    wanted = models.CharField("wanted data", max_length=16, choices=WANTED)
    website = models.CharField(
        max_length=200, blank=True, validators=[printable, URLValidator(schemes=["http", "https"])]
    )
    source = models.CharField(max_length=43)
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    announced_at = models.DateTimeField("e-mail to staff", null=True, editable=False)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, editable=False, related_name="onboarding_requests"
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.CharField(max_length=150, editable=False)
    reason = models.TextField("reason for the decision", editable=False)

    objects = OnboardingRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "access request"
        ordering = ["-requested_at", "-pk"]
        default_permissions = ()
        permissions = [("decide_onboardingrequest", "Can see and decide on access requests")]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="onboarding_request_public_id_unique"),
            models.CheckConstraint(
                condition=Q(organization=None) | Q(decided_at__isnull=False), name="onboarding_request_decided"
            ),
        ]
        indexes = [models.Index(fields=["decided_at", "requested_at"], name="onboarding_request_state")]

    def __str__(self) -> str:
        return self.organization_name

    @property
    def state(self) -> OnboardingState:
        if self.decided_at is None:
            return OnboardingState.WAITING
        return OnboardingState.DECLINED if self.organization_id is None else OnboardingState.ACCEPTED

    @property
    def preset(self) -> Preset | None:
        """Return the preset that is wanted; None if the partner wasn't sure yet."""
        return next((preset for preset in Preset if preset.preset_name == self.wanted), None)

    @property
    def name_fault(self) -> str:
        """Return why no organization can have this name, or ""."""
        try:
            readable(self.organization_name)
        except ValidationError as fault:
            return " ".join(fault.messages)
        return ""

    @classmethod
    def send(cls, network: str, **given: Any) -> "OnboardingRequest":
        """Keep a request from a network; raise ValidationError for bad values, and TooMany at the limits of a day."""
        request = cls(source=network, **given)
        request.organization_name = tidy(request.organization_name)
        request.clean_fields(exclude={field.name for field in cls._meta.fields} - {*given})
        with transaction.atomic():
            OnboardingCount.take(network)
            request.save(force_insert=True)
        return request

    def alike(self) -> QuerySet[Organization]:
        """Return the organizations whose name is the same, or looks like it."""
        return Organization.objects.named(self.organization_name)

    def accept(self, change: Change, organization: Organization) -> None:
        """Link the request to the organization that was created from it; raise ValidationError if it was decided."""
        self._decide(Action.ACCESS_REQUEST_ACCEPTED, change, organization)

    def decline(self, change: Change) -> None:
        """Decline the request; raise ValidationError without a reason, or if it was decided."""
        change.require_reason()
        self._decide(Action.ACCESS_REQUEST_DECLINED, change, None)

    def _decide(self, action: Action, change: Change, organization: Organization | None) -> None:
        """Decide, once. What was sent isn't recorded: the record of changes is kept for years, and this isn't."""
        with transaction.atomic():
            decision = {"decided_at": timezone.now(), "decided_by": change.by, "reason": change.reason.strip()}
            waiting = OnboardingRequest.objects.filter(pk=self.pk, decided_at=None)
            if not waiting.update(organization=organization, **decision):
                raise ValidationError(DECIDED, code="decided")
            ChangeEvent.record(action, change, organization=organization, after={"access_request": self.public_id})
        self.refresh_from_db()
