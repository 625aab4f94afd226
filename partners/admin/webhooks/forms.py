"""The forms of webhook endpoints. The models hold the rules; the forms put each error next to its field."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from partners.admin.forms import ReasonForm
from partners.catalogue.events import EventType
from partners.formats import endpoint_urls
from partners.formats.spans import bound
from partners.models import DeliveryState, WebhookEndpoint
from partners.webhooks import guard

BESIDE, NOW, LATER = "beside", "now", "later"
STARTS = (
    (BESIDE, "Beside the old one, until I end that"),
    (NOW, "Now: the old one stops"),
    (LATER, "At a time that I choose"),
)
FAILED, ALL = "failed", "all"
STATES = (
    ("", "All"),
    (DeliveryState.DELIVERED.value, "Delivered"),
    ("open", "Waiting"),
    (DeliveryState.FAILED.value, "Failed"),
    (DeliveryState.DROPPED.value, "Not sent"),
)
OPEN = (DeliveryState.WAITING.value, DeliveryState.LEASED.value)
MOMENT = "%Y-%m-%dT%H:%M"


class AddForm(ReasonForm):
    """A new endpoint."""

    url = forms.CharField(
        label="URL",
        max_length=endpoint_urls.LONGEST,
        widget=forms.URLInput({"placeholder": "https://"}),
        help_text="Begins with https:// and leads to public addresses. It can't be changed later.",
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(each.value, each.value) for each in EventType.public()],
        initial=[each.value for each in EventType.public()],
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["url", "events", "reason", "ticket"]

    def clean_url(self) -> str:
        """Refuse a URL that no webhook may be sent to."""
        url = str(self.cleaned_data["url"])
        try:
            guard.check(url)
        except guard.Forbidden as forbidden:
            raise ValidationError(forbidden.reason, code="forbidden") from None
        return url

    def clean_events(self) -> list[EventType]:
        return [each for each in EventType.public() if each.value in self.cleaned_data["events"]]

    @property
    def endpoint(self) -> dict[str, Any]:
        """Return what is given of the endpoint."""
        return {name: self.cleaned_data[name] for name in ("url", "events")}


class SecretForm(ReasonForm):
    """When a new secret comes into force. `generation` is the newest one that the page has seen."""

    starts = forms.ChoiceField(label="Use it", choices=STARTS, initial=BESIDE)
    moment = forms.DateTimeField(
        required=False,
        label="Time (optional)",
        input_formats=[MOMENT],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=MOMENT),
        help_text="UTC. Only for a time that you choose.",
    )
    generation = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ["starts", "moment", "reason", "ticket"]

    def clean(self) -> None:
        """Require a time exactly where one is chosen."""
        super().clean()
        if (self.cleaned_data.get("starts") == LATER) != bool(self.data.get("moment")):
            message = "Choose a time, and “At a time that I choose” with it."
            self.add_error("moment", ValidationError(message, code="time_or_not"))

    def refuse(self, refusal: ValidationError, field: str | None = None) -> None:
        """Show the model's error about a past time beside the time."""
        super().refuse(refusal, "moment" if getattr(refusal, "code", "") == "past" else field)

    @property
    def beside(self) -> bool:
        return bool(self.cleaned_data["starts"] == BESIDE)


class _Days(forms.Form):
    since = forms.CharField(required=False, label="From (optional)", widget=forms.DateInput({"type": "date"}))
    until = forms.CharField(required=False, label="To (optional)", widget=forms.DateInput({"type": "date"}))

    def clean_since(self) -> datetime | None:
        text = self.cleaned_data["since"]
        return bound(text) if text else None

    def clean_until(self) -> datetime | None:
        text = self.cleaned_data["until"]
        return bound(text, last=True) if text else None

    @property
    def occurred(self) -> Q:
        """Return the condition for events of the period."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        begins = Q(event__occurred_at__gte=since) if since else Q()
        return begins & Q(event__occurred_at__lt=until) if until else begins


class FilterForm(_Days):
    """Which deliveries of an endpoint are shown."""

    state = forms.ChoiceField(required=False, choices=STATES, label="State")
    field_order = ["state", "since", "until"]

    @property
    def narrows(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    @property
    def wanted(self) -> Q:
        """Return the condition for what is shown: all, if the form has errors."""
        if not self.is_valid():
            return Q()
        state = self.cleaned_data["state"]
        states = OPEN if state == "open" else (state,)
        return self.occurred & (Q(state__in=states) if state else Q())


class ReplayForm(ReasonForm, _Days):
    """Which deliveries of an endpoint are sent again."""

    which = forms.ChoiceField(
        label="Send again",
        choices=[(FAILED, "What failed or was not sent"), (ALL, "Everything in a period")],
        initial=FAILED,
        help_text="Events keep their ids, so a receiver notices what it has already.",
    )
    field_order = ["which", "since", "until", "reason", "ticket"]

    def clean(self) -> None:
        """Require a period for everything."""
        super().clean()
        given = self.cleaned_data
        if given.get("which") == ALL and not self.errors and not (given["since"] and given["until"]):
            message = "Choose the first and the last day of what is sent again."
            self.add_error("since", ValidationError(message, code="no_period"))


class SwitchForm(ReasonForm):
    """Switch an endpoint on or off, and why."""


def initial_secret(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return what the form of a new secret begins with."""
    return {"generation": endpoint.newest_generation}
