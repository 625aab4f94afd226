"""Pages of long lists: counted no further than anybody turns them over, filtered where an index would not help."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

COUNTED, LOOKED_AT, LONGEST_SEARCH = 10_000, 20_000, 200


class BoundedPaginator(Paginator):
    """Pages of the first `COUNTED` rows; who looks for others narrows the list."""

    object_list: QuerySet[Any]

    @cached_property
    def _found(self) -> int:
        return int(self.object_list.order_by()[: COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        """Return the number of rows that can be turned over."""
        return min(self._found, COUNTED)

    @property
    def shown(self) -> str:
        """Return the number of rows as it is shown: exact, or as many as were counted and a plus."""
        return f"{self.count:,}{'+' if self._found > COUNTED else ''}"


class BoundedSearch(forms.Form):
    """What a list is searched for. Each word costs the statement a condition, and SQLite holds no more than 1,000."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=LONGEST_SEARCH)


class SearchableList(ChangeList):
    """A list that is searched for a text of some length; a longer one is told, and not looked for."""

    search_form_class = BoundedSearch


class NewestChangeList(SearchableList):
    """A list of a table too large to be searched for what no index holds: filters look at its newest rows alone."""

    looked_at: str | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        found = super().get_queryset(request, exclude_parameters)
        newest = self.root_queryset.order_by("-pk").values_list("pk", flat=True)
        edge = next(iter(newest[LOOKED_AT : LOOKED_AT + 1]), None) if self.has_active_filters else None
        if edge is None:
            return found
        self.looked_at = f"{LOOKED_AT:,}"
        return found.filter(pk__gt=edge)
