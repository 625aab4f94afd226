"""The forms that change many keys at once."""

from django import forms
from django.http import QueryDict

from partners.admin.forms import ReasonForm
from partners.admin.keys.forms import ExpiryForm

PAGE = 50  # keys on a page of the list


class BulkForm(ReasonForm):
    """A change of many keys. More than a page of the list, and what can't be undone, is confirmed by the number."""

    number = forms.IntegerField(
        label="How many keys will be changed?",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    field_order = ["until", "reason", "ticket", "number"]
    always_by_number = False

    def __init__(self, data: QueryDict | None, *, selected: int) -> None:
        super().__init__(data)
        if selected <= PAGE and not self.always_by_number:
            del self.fields["number"]


class BulkRevokeForm(BulkForm):
    """The revocation of many keys."""

    always_by_number = True


class BulkExpiryForm(BulkForm, ExpiryForm):
    """A new expiry of many keys."""
