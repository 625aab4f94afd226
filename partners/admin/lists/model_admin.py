"""The base of every table in the admin. Lists accept only the filters that they offer, and rows are found only by id.

Django's own lists accept any lookup on any field from the URL, even on a digest or with a pattern of an id.
"""

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode

from partners.admin.lists.paging import SearchableList

Row = TypeVar("Row", bound=Model)
LEFT_OUT = "This list has no such filter, search or page. It was ignored."


class StrictModelAdmin(admin.ModelAdmin):
    """A table whose list accepts only the parameters that its own links and forms send.

    Each filter of the list is a class with a `parameter_name`.
    """

    show_facets = admin.ShowFacets.NEVER

    def offered(self, request: HttpRequest) -> set[str]:
        """Return the names of the parameters that the list accepts."""
        search = {SEARCH_VAR} if self.get_search_fields(request) else set()
        filters: Iterable[Any] = self.get_list_filter(request)
        return {ORDER_VAR, PAGE_VAR, ALL_VAR, *search, *(each.parameter_name for each in filters)}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow only what the list offers. Django would allow every lookup on a field of its table."""
        return request is not None and lookup in self.offered(request)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> NoReturn:
        """Refuse: no page here finds a row by another field than its id."""
        raise BadRequest("a row is found only by its id")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find a row by its id, even if the URL has an empty `_to_field`."""
        return super().get_object(request, object_id)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Limit the length of a search."""
        return SearchableList

    def found(self, request: HttpRequest) -> ChangeList:
        """Return the list as the URL filters it, for a page of its own; BadRequest for what it doesn't offer."""
        if not self.offered(request).issuperset(request.GET):
            raise BadRequest("the list has no such filter")
        try:
            return self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            raise BadRequest("the list has no such page") from None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or redirect to it without the parameters that it doesn't accept.

        These include `e`, with which Django marks a value that it couldn't read.
        """
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return without_unknown(request, self.offered(request)) or self.show_list(request, extra_context)

    def show_list(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list. Its permission and its parameters are checked. Override this rather than `changelist_view`."""
        return super().changelist_view(request, extra_context)


def without_unknown(request: HttpRequest, offered: set[str]) -> HttpResponse | None:
    """Return a redirect to the list without the parameters that it doesn't accept; None if it accepts them all."""
    if offered.issuperset(request.GET):
        return None
    known = [(name, value) for name, values in request.GET.lists() if name in offered for value in values]
    messages.warning(request, LEFT_OUT)
    return redirect(f"{request.path}?{urlencode(known)}" if known else request.path)


def is_pk(text: str) -> bool:
    """Return True if this can be a primary key of 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def get_by_pk(rows: QuerySet[Row], text: str) -> Row:
    """Return the row of this primary key; Http404 if there is none."""
    return get_object_or_404(rows, pk=int(text) if is_pk(text) else None)


def get_row(rows: QuerySet[Row], text: str, public_id: str = "public_id") -> Row:
    """Return the row of this primary key or public id; Http404 if there is none."""
    return get_object_or_404(rows, **({"pk": int(text)} if is_pk(text) else {public_id: text}))
