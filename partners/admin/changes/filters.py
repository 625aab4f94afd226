"""The filters of the list of changes, and the search that they form."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from partners.admin.changes import kinds
from partners.admin.lists.paging import LONGEST_SEARCH
from partners.admin.lists.record_filter import ALL, OWN, RecordFilter
from partners.finding import lookup
from partners.formats.spans import bound
from partners.keys.in_text import quoted, without_tokens
from partners.models import ChangeEvent
from partners.names import holds_words
from partners.record.pages import Search

Row = TypeVar("Row")
PER_PAGE, SHORTEST_PART = 15, 4
TODAY = "today"
SPANS = {TODAY: timedelta(0), "7d": timedelta(days=7), "30d": timedelta(days=30)}
TIMES = [(ALL, "All"), (TODAY, "Today"), ("7d", "Last 7 days"), ("30d", "Last 30 days"), (OWN, "From – to")]


class DayField(forms.DateField):
    """A day of UTC, as a date input sends it."""

    widget = forms.DateInput({"type": "date"})

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, input_formats=["%Y-%m-%d"], **options)


class ChangeFilter(RecordFilter):
    """Which changes to show. Without a filter, these are all of them."""

    q = forms.CharField(
        required=False, max_length=LONGEST_SEARCH, label="Search", widget=forms.TextInput({"type": "search"})
    )
    person = forms.CharField(required=False, max_length=150)
    kind = forms.ChoiceField(required=False, choices=kinds.CHOICES)
    time = forms.ChoiceField(required=False, choices=TIMES)
    start = DayField(label="From (UTC)")
    end = DayField(label="Through (UTC)")
    field_order = ["q", "person", "organization", "key", "kind", "time", "start", "end"]

    def clean_q(self) -> str:
        return _for_a_url(self.cleaned_data["q"])

    def clean_person(self) -> str:
        return _for_a_url(self.cleaned_data["person"])

    def clean(self) -> None:
        """Check the days. A search for a key's id, or for an organization's id or name, becomes that filter."""
        given = self.cleaned_data
        if given.get("start") and given.get("end") and given["start"] > given["end"]:
            self.add_error("end", ValidationError("The last day can't be before the first.", code="range"))
        text = given.get("q", "")
        if text and not given.get("key") and (key := _named(lookup.find_key, text)):
            given.update(q="", key=key)
        elif text and not given.get("organization") and (found := _named(lookup.find_organization, text)):
            given.update(q="", organization=found)

    def tidy(self) -> None:
        """Show names in the fields, and each text in its own field."""
        super().tidy()
        if "q" in self.cleaned_data:
            self.data = {**self.data, "q": self.cleaned_data["q"]}

    def search(self) -> Search[ChangeEvent]:
        """Return the search. The form must be valid."""
        return Search(self._indexed(), self._fits(), *self._window(), PER_PAGE)

    def _indexed(self) -> QuerySet[ChangeEvent]:
        """Return the rows that an index can find: by key or else organization, or all."""
        given, rows = self.cleaned_data, ChangeEvent.objects.all()
        if given["key"]:
            return rows.filter(api_key=given["key"])
        return rows.filter(organization=given["organization"]) if given["organization"] else rows

    def _fits(self) -> Q:
        """Return the other filters."""
        given, fits = self.cleaned_data, Q()
        if given["key"] and given["organization"]:
            fits &= Q(organization=given["organization"])
        if given["person"]:
            fits &= Q(by__iexact=given["person"]) | Q(approved_by__iexact=given["person"])
        if given["kind"]:
            fits &= Q(action__in=kinds.actions(given["kind"]))
        return fits & _holding(given["q"]) if given["q"] else fits

    def _window(self) -> tuple[datetime | None, datetime | None]:
        given = self.cleaned_data
        if given["time"] == OWN:
            start, end = given["start"], given["end"]
            return start and bound(str(start)), end and _after(str(end))
        if given["time"] not in SPANS:
            return None, None
        today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - SPANS[given["time"]], None


def _for_a_url(text: str) -> str:
    """Return a text that may be in a URL; raise ValidationError if it may hold a token."""
    if without_tokens(text) != text:
        raise ValidationError("This may hold a token. Find it under API keys.", code="token_given")
    return text


def _named(find: Callable[[str], Row], text: str) -> Row | None:
    """Return what `text` names; None if it is another text."""
    try:
        return find(text)
    except ValidationError:
        return None


def _holding(text: str) -> Q:
    """Return the condition that a change is about what `text` names: a person, a ticket, an organization or a key."""
    names = holds_words("organization__name_key", text) | holds_words("api_key__label_key", text)
    people = Q(by__icontains=text) | Q(approved_by__icontains=text) | Q(after__username=text)
    part = (quoted(text) or text).strip()
    keys = Q(api_key__public_part__startswith=part) if len(part) >= SHORTEST_PART else Q()
    return people | Q(ticket__icontains=text) | names | keys


def _after(day: str) -> datetime | None:
    """Return the end of a day; None for the last day that there is."""
    try:
        return bound(day, last=True)
    except ValidationError:
        return None
