"""The forms of API keys. The models hold the rules; the forms put each error next to its field."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from partners.admin.description import Description
from partners.admin.forms import ChangeForm, ReasonForm
from partners.admin.keys.opening import Opening
from partners.catalogue.routes import Route, Scope
from partners.finding import lookup
from partners.formats.spans import expiry
from partners.keys import lifetimes
from partners.models import ApiKey, Organization
from partners.names import named

PRESETS = (30, 90, 180, 365)
ON_A_DATE, NEVER = "date", "never"
OVERLAPS = {"0": "Now", "1": "1 hour", "24": "24 hours", "168": "7 days"}
ISO_DATE = "%Y-%m-%d"
SUGGESTIONS = 5


def last_day(*, required: bool) -> forms.DateField:
    """Return the field for the last day on which a key works."""
    return forms.DateField(
        required=required,
        label="Last day",
        input_formats=[ISO_DATE],
        widget=forms.DateInput({"type": "date"}, format=ISO_DATE),
        help_text="Valid through the end of this day (UTC).",
    )


def end_of(day: date) -> datetime:
    """Return the end of a last day; raise ValidationError if there is none."""
    return expiry(day.isoformat())


class ScopesField(forms.MultipleChoiceField):
    """Scopes as labelled checkboxes."""

    def __init__(self, **options: Any) -> None:
        choices = [(scope.value, scope.value) for scope in Scope]
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **options)

    def clean(self, value: Any) -> list[Scope]:
        """Return the scopes in the catalogue's order."""
        chosen = super().clean(value)
        return [scope for scope in Scope if scope.value in chosen]


class ScopeBoxes(ChangeForm):
    """A form that shows each scope with its checkbox and its routes. Subclasses have the field `scopes`."""

    @property
    def boxes(self) -> list[tuple[Scope, BoundWidget, list[Route]]]:
        """Return each scope, its checkbox and the routes that require it."""
        return [
            (scope, box, [route for route in Route if scope in route.scopes])
            for scope, box in zip(Scope, self["scopes"], strict=True)
        ]


class IssueForm(Opening, Description, ScopeBoxes):
    """A new key: for which organization and system, with which scopes, and for how long."""

    organization = forms.CharField(
        help_text="Start typing its name and choose it, or enter its org_… id.",
        widget=forms.TextInput({"list": "organizations", "autocomplete": "off", "spellcheck": "false"}),
    )
    label = ApiKey._meta.get_field("label").formfield(
        help_text="The system that will use the key, such as “EHR sync, production”."
    )
    kind = forms.ChoiceField(
        choices=[("live", "Live"), ("test", "Test")],
        initial="live",
        widget=forms.RadioSelect,
        help_text="A test key begins with ch_sk_test_. In this deployment it reads the same data as a live key.",
    )
    scopes = ScopesField(
        error_messages={"required": "Choose at least one scope. A key without scopes can't read anything."}
    )
    lifetime = forms.ChoiceField(label="Expires", widget=forms.RadioSelect)
    until = last_day(required=False)
    field_order = ["organization", "label", "kind", "scopes", "lifetime", "until", *Description.base_fields]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        limit, default = lifetimes.longest(), lifetimes.default()
        if not settings.ACCEPT_TEST_KEYS:
            del self.fields["kind"]
        self.fields["lifetime"].choices = [*_lifetimes(limit, default)]  # type: ignore[attr-defined]
        self.fields["lifetime"].initial = NEVER if default is None else str(default.days)
        self.fields["until"].help_text = f"Valid through the end of this day (UTC).{_latest(limit)}"

    def clean_label(self) -> str:
        """Return the label as it will be stored."""
        return named(self.cleaned_data["label"])

    def clean_organization(self) -> Organization:
        """Find the organization, or suggest similar names."""
        text: str = self.cleaned_data["organization"]
        try:
            return lookup.find_organization(text)
        except ValidationError:
            near = Organization.objects.named_like(text)[:SUGGESTIONS]
            names = "; ".join(f"“{organization.name}”" for organization in near)
            hint = f"Did you mean {names}?" if names else "Check the spelling, or create the organization first."
            raise ValidationError(f"There is no organization with this name. {hint}", code="unknown") from None

    def clean(self) -> None:
        """Check that a key has a last day if it expires on a date, and otherwise none."""
        super().clean()
        lifetime, until = self.cleaned_data.get("lifetime"), self.cleaned_data.get("until")
        if lifetime == ON_A_DATE and until is None and "until" not in self.errors:
            self.add_error("until", ValidationError("Enter the last day.", code="required"))
        if lifetime != ON_A_DATE and until is not None:
            self.add_error("until", ValidationError("Choose “On a date” above, or leave this empty.", code="unused"))
        if not self.errors:
            self._clean_end()

    def _clean_end(self) -> None:
        try:
            lifetimes.require_allowed(self.end, timezone.now())
        except ValidationError as refusal:
            self.refuse(refusal, "until")

    def refuse(self, refusal: ValidationError, field: str | None = None) -> None:
        """Add the model's errors about the expiry to the field where it was chosen."""
        named = getattr(refusal, "error_dict", {})
        if "expires_at" in named:
            where = "until" if self.cleaned_data.get("lifetime") == ON_A_DATE else "lifetime"
            refusal = ValidationError({where if name == "expires_at" else name: named[name] for name in named})
        super().refuse(refusal, field)

    @property
    def is_test(self) -> bool:
        return self.cleaned_data.get("kind") == "test"

    @property
    def end(self) -> datetime | None:
        """Return when a key issued now would expire; None for never."""
        lifetime, until = self.cleaned_data["lifetime"], self.cleaned_data["until"]
        if lifetime == NEVER:
            return None
        return expiry(until.isoformat() if lifetime == ON_A_DATE else f"{lifetime}d")

    @property
    def description(self) -> dict[str, Any]:
        """Return the arguments for `ApiKey.issue` that have no effect on calls."""
        return self.description_in(self.cleaned_data)

    @property
    def values(self) -> dict[str, Any]:
        """Return the other arguments for `ApiKey.issue`."""
        given = self.cleaned_data
        return {name: given[name] for name in ("organization", "label", "scopes")} | {
            "is_test": self.is_test,
            "expires_at": self.end,
        }

    @property
    def terms(self) -> dict[str, Any]:
        """Return the arguments for `KeyHandover.prepare`: a key for so many days lives from its collection."""
        lifetime = self.cleaned_data["lifetime"]
        if lifetime in (ON_A_DATE, NEVER):
            return self.values
        return self.values | {"expires_at": None, "lifetime": timedelta(days=int(lifetime))}


class RotateForm(ChangeForm):
    """A rotation: how long the old key still works."""

    overlap = forms.ChoiceField(choices=[*OVERLAPS.items()], initial="24", widget=forms.RadioSelect)
    field_order = ["overlap", "reason", "ticket"]

    @property
    def span(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))

    def ends(self, key: ApiKey) -> list[tuple[BoundWidget, datetime, bool]]:
        """Return each overlap with the old key's end, and True if the key's own expiry comes first."""
        now, own = timezone.now(), key.expires_at
        ends = [now + timedelta(hours=int(hours)) for hours in OVERLAPS]
        return [
            (box, end if own is None else min(end, own), own is not None and own < end)
            for box, end in zip(self["overlap"], ends, strict=True)
        ]


class RevokeForm(ReasonForm):
    """A revocation, with a confirmation of the key."""

    confirmed = forms.BooleanField(error_messages={"required": "Tick the box to confirm this is the right key."})
    field_order = ["reason", "ticket", "confirmed"]


class ExpiryForm(ReasonForm):
    """A new expiry."""

    until = last_day(required=True)
    field_order = ["until", "reason", "ticket"]

    @property
    def end(self) -> datetime:
        return end_of(self.cleaned_data["until"])

    def refuse(self, refusal: ValidationError, field: str | None = None) -> None:
        """Add the model's errors about the expiry to the date."""
        named = getattr(refusal, "error_dict", {})
        super().refuse(ValidationError({"until": named["expires_at"]}) if "expires_at" in named else refusal, field)


class ScopesForm(ReasonForm, ScopeBoxes):
    """The scopes of a key, and the ones whose consequences were shown."""

    scopes = ScopesField(required=False)
    shown = ScopesField(required=False)
    field_order = ["scopes", "reason", "ticket"]


def _lifetimes(limit: timedelta | None, default: timedelta | None) -> Iterator[tuple[str, str]]:
    """Return the lifetimes to choose from: the allowed presets, the default, a date, and never if allowed."""
    days = {*PRESETS, *([default.days] if default else [])}
    yield from ((str(day), f"{day} days") for day in sorted(days) if limit is None or day <= limit.days)
    yield ON_A_DATE, "On a date"
    if limit is None:
        yield NEVER, "No end date"


def _latest(limit: timedelta | None) -> str:
    if limit is None:
        return ""
    latest = (timezone.now() + limit).astimezone(UTC).date() - timedelta(days=1)
    return f" Latest: {latest.isoformat()}."
