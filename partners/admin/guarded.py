"""The base of every table in the admin: a list is filtered by what it offers, and a row is found by its id alone.

Django's own lists take any lookup on any field of their table from the address, a digest or a pattern of an id too.
"""

from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode

from partners.admin.paging import SearchableList

Row = TypeVar("Row", bound=Model)
LEFT_OUT = "This list has no such filter, search or page, so it was left out."


class GuardedAdmin(admin.ModelAdmin):
    """A table whose list takes no other parameters than those that its own links and forms send."""

    show_facets = admin.ShowFacets.NEVER

    def offered(self, request: HttpRequest) -> set[str]:
        """Return the names of the parameters that the list takes."""
        search = {SEARCH_VAR} if self.get_search_fields(request) else set()
        filters = (name for each in self.get_list_filter(request) for name in _parameters(self.model, each))
        return {ORDER_VAR, PAGE_VAR, ALL_VAR, *search, *filters}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow what the list offers, where Django allows every lookup on a field of its own table."""
        return request is not None and lookup in self.offered(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> NoReturn:
        """Refuse: no page here asks for a row by another field than its id."""
        raise BadRequest("a row is found by its id alone")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find a row by its id, also where an empty name of another field was given."""
        return super().get_object(request, object_id)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Bound what is searched for."""
        return SearchableList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or lead to it without what it does not take.

        That holds for the mark by which Django says that it met a value it could not read.
        """
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        offered = self.offered(request)
        known = [(name, value) for name, values in request.GET.lists() if name in offered for value in values]
        if offered.issuperset(request.GET):
            return super().changelist_view(request, extra_context)
        messages.warning(request, LEFT_OUT)
        return redirect(f"{request.path}?{urlencode(known)}" if known else request.path)


def is_pk(text: str) -> bool:
    """Return True if this may be a primary key of 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def row(rows: QuerySet[Row], text: str, public_id: str = "public_id") -> Row:
    """Return the row of this primary key or public id; Http404 if there is none."""
    return get_object_or_404(rows, **({"pk": int(text)} if is_pk(text) else {public_id: text}))


def _parameters(model: type[Model], each: Any) -> Iterator[str]:
    """Return the names that a filter reads, as Django's classes of filters make them of a field's path."""
    if not isinstance(each, str):
        yield each.parameter_name
        return
    field = get_fields_from_path(model, each)[-1]
    target = f"__{field.target_field.name}" if isinstance(field, (ForeignKey, ManyToManyField)) else ""
    yield from (f"{each}{target}__exact", f"{each}__isnull")
