"""The forms by which staff describe a key or an organization, and comment on it."""

from typing import Any

from django import forms

from partners.admin.forms import ChangeForm
from partners.models import Organization
from partners.models.description import LONGEST_NOTE
from partners.text import printable_lines

DESCRIBE_TITLE = "Change owner, note and tags"


class Description(forms.Form):
    """Who is responsible, a note, and tags, for another form to include."""

    owner = Organization._meta.get_field("owner").formfield(
        label="Owner (optional)", help_text="Who is responsible, on the partner's side or ours."
    )
    note = Organization._meta.get_field("note").formfield(
        label="Note (optional)",
        widget=forms.Textarea({"rows": 3}),
        help_text="What colleagues should know. Don't write patient data or secrets.",
    )
    tags = Organization._meta.get_field("tags").formfield(
        label="Tags (optional)", help_text="Short words, such as “billing pilot”. The lists can be filtered by them."
    )

    @property
    def is_described(self) -> bool:
        """Return True if one of these fields holds something, or is refused."""
        return any(self[name].value() or self[name].errors for name in Description.base_fields)

    @staticmethod
    def description_in(given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments for `describe()` in the data of a valid form."""
        return {name: given[name] for name in Description.base_fields}


class DescriptionForm(Description, ChangeForm):
    """A new description. It has no effect on calls, so the reason is optional."""

    field_order = ["owner", "note", "tags", "reason", "ticket"]


class CommentForm(ChangeForm):
    """A comment. Like every change, it can't be altered later."""

    reason = forms.CharField(
        label="Comment",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        validators=[printable_lines],
        help_text="Everyone on staff can read it, and nobody can change or delete it. Don't write patient data or "
        "secrets.",
    )
