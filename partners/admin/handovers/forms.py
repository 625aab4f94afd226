"""The forms around a link."""

from typing import Any

from django import forms

from partners.admin.forms import ChangeForm, ReasonForm

PHONE_CODE = "phone_code"


class PhoneCodeForm(forms.Form):
    """Whether the contact needs a code in addition to the link."""

    phone_code = forms.BooleanField(
        required=False,
        label="Ask for a code that I read out by phone",
        help_text="You see the code once. After five wrong codes the link no longer works.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"label_suffix": ""})


class ResendForm(ChangeForm, PhoneCodeForm):
    """A new link for the same key."""

    field_order = [PHONE_CODE, "reason", "ticket"]


class WithdrawForm(ReasonForm):
    """The end of a hand-over without a key."""
