"""The forms that change many keys at once."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from partners.admin.forms import ReasonForm
from partners.admin.keys.forms import ExpiryForm

MOST_UNCOUNTED = 50  # keys that can be changed without confirming their number


class BulkForm(ReasonForm):
    """A change of many keys. More than a few, and what can't be undone, is confirmed by the number."""

    number = forms.IntegerField(
        label="How many keys will be changed?",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ["until", "reason", "ticket", "number"]
    always_by_number = False

    def __init__(self, data: QueryDict | None, *, selected: int) -> None:
        super().__init__(data)
        if selected <= MOST_UNCOUNTED and not self.always_by_number:
            del self.fields["number"]

    def require_number(self, number: int) -> None:
        """Raise ValidationError if another number of keys was confirmed."""
        if self.cleaned_data.get("number", number) != number:
            message = f"The number is {number:,}. Check the list again, then enter this number."
            raise ValidationError({"number": ValidationError(message, code="wrong_number")})


class BulkRevokeForm(BulkForm):
    """The revocation of many keys."""

    always_by_number = True


class BulkExpiryForm(BulkForm, ExpiryForm):
    """A new expiry of many keys."""
