"""What the staff's pages share: read-only tables, and how our own pages are guarded and rendered."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from partners.admin.lists.model_admin import StrictModelAdmin
from partners.admin.lists.paging import BoundedPaginator

View = Callable[..., HttpResponse]


class ReadOnlyAdmin(StrictModelAdmin):
    """A table that Django's admin shows but never adds to, changes or deletes from, and never counts completely."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def needs(permission: str) -> Callable[[View], View]:
    """Require a permission for a page. Without it, every method gets 403."""

    def guard(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(wrapped)

    return guard


def render(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> TemplateResponse:
    """Return one of our own pages, with what every page of the site shows. Pass at least `title`."""
    return TemplateResponse(request, template, admin.site.each_context(request) | context, status=status)
