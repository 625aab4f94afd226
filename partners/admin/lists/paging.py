"""Pages and searches of long lists, with limits on how many rows are counted and searched."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

COUNTED, LOOKED_AT, LONGEST_SEARCH = 10_000, 20_000, 200


class BoundedPaginator(Paginator):
    """Pages of the first `COUNTED` rows. Filter the list to see others."""

    object_list: QuerySet[Any]

    @cached_property
    def _found(self) -> int:
        return int(self.object_list.order_by()[: COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        """Return the number of rows that have a page."""
        return min(self._found, COUNTED)

    @property
    def shown(self) -> str:
        """Return the number of rows as text: exact, or the limit and a plus."""
        return f"{self.count:,}{'+' if self._found > COUNTED else ''}"


class BoundedSearch(forms.Form):
    """The search of a list, with a limited length: each word adds a condition, and SQLite allows at most 1,000."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=LONGEST_SEARCH)


class SearchableList(ChangeList):
    """A list whose search has a limited length. A longer text shows an error and is not searched for."""

    search_form_class = BoundedSearch


class NewestChangeList(SearchableList):
    """A list of a table that is too large to filter without an index: filters search only its newest rows."""

    looked_at: str | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        found = super().get_queryset(request, exclude_parameters)
        newest = self.root_queryset.order_by("-pk").values_list("pk", flat=True)
        edge = next(iter(newest[LOOKED_AT : LOOKED_AT + 1]), None) if self.has_active_filters else None
        if edge is None:
            return found
        self.looked_at = f"{LOOKED_AT:,}"
        return found.filter(pk__gt=edge)
