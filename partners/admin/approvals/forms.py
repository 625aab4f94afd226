"""The forms of approvals: the filters of the list, and a decision."""

from typing import Any

from django import forms

from partners.admin.forms import ChangeForm
from partners.models.approvals.fields import Decision
from partners.models.approvals.kinds import KINDS

WAITING = "waiting"


class FilterForm(forms.Form):
    """Which requests to show."""

    q = forms.CharField(
        required=False, max_length=200, label="Organization or person", widget=forms.TextInput({"type": "search"})
    )
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All, waiting first"), (WAITING, "Waiting"), *Decision.choices]
    )
    kind = forms.ChoiceField(
        required=False, label="Change", choices=[("", "Any"), *((name, kind.title) for name, kind in KINDS.items())]
    )

    @property
    def chosen(self) -> dict[str, str]:
        """Return what is searched and filtered for; nothing if the form has errors."""
        return {name: value for name, value in self.cleaned_data.items() if value} if self.is_valid() else {}

    @property
    def narrows(self) -> bool:
        """Return True if anything is searched or filtered for."""
        return any(self.data.get(name) for name in self.fields)


class DecisionForm(ChangeForm):
    """How a request ends. The button says it."""

    ticket = None  # the request has one
    decision = forms.ChoiceField(choices=Decision.choices)

    def __init__(self, *arguments: Any, own: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["reason"].label = "Why you withdraw it (optional)" if own else "Why (required to decline)"
