"""The base of every form that changes something, and the form of the global switch."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import db, forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from partners.accounting.periods import Period
from partners.formats.spans import bound
from partners.keys.token_free import Made, TokenFreeForm
from partners.models import ApiKey, ChangeEvent
from partners.models.change import Change
from partners.signin.base import change_by
from partners.text import printable, printable_lines


class ChangeForm(TokenFreeForm):
    """A change and its reason."""

    reason = forms.CharField(
        required=False,
        label="Reason (optional)",
        widget=forms.Textarea({"rows": 2}),
        help_text="Saved in the audit record.",
    )
    ticket = ChangeEvent._meta.get_field("ticket").formfield(label="Ticket (optional)", validators=[printable])

    def change(self, request: HttpRequest) -> Change:
        """Return the change that records who sent this form, from where and why. The form must be valid."""
        return change_by(request, reason=self.cleaned_data["reason"], ticket=self.cleaned_data["ticket"])


class ReasonForm(ChangeForm):
    """A change that needs a reason."""

    reason = forms.CharField(
        widget=forms.Textarea({"rows": 2}), help_text="Saved in the audit record.", validators=[printable_lines]
    )


class PeriodForm(forms.Form):
    """A period of whole days, and so part of a form that asks what is on record of it."""

    since = forms.CharField(
        required=False,
        label="From (optional)",
        widget=forms.DateInput({"type": "date"}),
        help_text="Leave it empty for the six years before the end.",
    )
    until = forms.CharField(
        required=False,
        label="To (optional)",
        widget=forms.DateInput({"type": "date"}),
        help_text="Includes the whole day (UTC). Defaults to now.",
    )

    def clean_since(self) -> datetime | None:
        text = self.cleaned_data["since"]
        return bound(text) if text else None

    def clean_until(self) -> datetime | None:
        text = self.cleaned_data["until"]
        return bound(text, last=True) if text else None

    def clean(self) -> None:
        """Check the period."""
        super().clean()
        try:
            self.cleaned_data["period"] = Period.of(self.cleaned_data.get("since"), self.cleaned_data.get("until"))
        except ValidationError as refusal:
            self.add_error("since", refusal)


class PeriodReportForm(PeriodForm, ReasonForm):
    """The period and the reason of a report. `too_long` says what to do if the database takes too long for it."""

    too_long = "This takes too long for a page. Choose a shorter period."

    def report(self, make: Callable[[], Made], field: str) -> Made | None:
        """Return what `make` returns; None if it is refused or takes too long, with the errors in the form."""
        try:
            return self.attempt(make, field)
        except db.OperationalError:
            self.add_error(None, self.too_long)
            return None


class LimitForm(ReasonForm):
    """How many calls a minute are allowed."""

    calls_per_minute = ApiKey._meta.get_field("calls_per_minute").formfield(
        label="Calls a minute (optional)", help_text="Leave it empty for no limit."
    )
    field_order = ["calls_per_minute", "reason", "ticket"]


class SwitchForm(ChangeForm):
    """Switch API keys on or off for everyone, and why."""

    to = forms.ChoiceField(choices=[("on", "on"), ("off", "off")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason",
        widget=forms.Textarea({"rows": 2}),
        help_text="All staff can read this while keys are off.",
    )
    field_order = ["to", "reason", "ticket"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self["to"].value() == "on":
            self.fields["reason"].help_text = ReasonForm.base_fields["reason"].help_text
