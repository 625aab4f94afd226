"""What the staff's pages share: rows that are only looked at, and how a page of our own is rendered and guarded."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from partners.admin.guarded import GuardedAdmin
from partners.admin.paging import BoundedPaginator
from partners.decision.address import client_address
from partners.models.change import Change

View = Callable[..., HttpResponse]


class ReadOnlyAdmin(GuardedAdmin):
    """Rows that are looked at here and changed nowhere in the admin; nobody deletes any, and nobody counts them all."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def needs(permission: str) -> Callable[[View], View]:
    """Guard a page: without the permission its URL answers 403 to every method."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(guarded)

    return guard


def render(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> TemplateResponse:
    """Return a page of our own with what every page of the site shows. `title` names it."""
    return TemplateResponse(request, template, admin.site.each_context(request) | context, status=status)


def change(request: HttpRequest, *, reason: str = "", ticket: str = "") -> Change:
    """Return the record of who changes something, from where and why."""
    return Change(by=request.user.get_username(), source=client_address(request), reason=reason, ticket=ticket)
