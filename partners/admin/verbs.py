"""One change of a row by staff: the form that asks for it, the call that makes it, and the message afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib import messages
from django.http import HttpRequest

from partners.admin.forms import ChangeForm
from partners.models.change import Change
from partners.review.approvals.asking import Outcome

Row = TypeVar("Row")
WAITS = "Another person has to approve this. It is waiting for approval."
UP_TO_DATE = "Nothing to change: already up to date."


@dataclass(frozen=True, slots=True)
class Verb(Generic[Row]):
    """A change that staff make on a page of its own.

    `apply` gets the row, the change and the form's cleaned data. It returns False if nothing had to change.
    """

    title: str
    form: type[ChangeForm]
    apply: Callable[[Row, Change, dict[str, Any]], bool | None]
    done: str

    def carry_out(self, request: HttpRequest, row: Row, form: ChangeForm) -> bool:
        """Make the change and show the message. Return False if it is refused, with the errors in the form."""
        said = form.attempt(lambda: self._apply(row, form.change(request), form.cleaned_data))
        if said is None:
            return False
        messages.success(request, said)
        return True

    def _apply(self, row: Row, change: Change, given: dict[str, Any]) -> str:
        return UP_TO_DATE if self.apply(row, change, given) is False else self.done


def say(request: HttpRequest, outcome: Outcome, done: str, *, taken: str = "") -> None:
    """Show what was changed at once (`done`, or `taken` if the rest waits), and that something waits."""
    if outcome.approval is None:
        messages.success(request, done) if outcome.changed else messages.info(request, UP_TO_DATE)
        return
    if outcome.changed:
        messages.success(request, taken)
    messages.warning(request, WAITS)
