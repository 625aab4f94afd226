"""What the pages for users and roles share: only superusers see them."""

from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin  # noqa: F401 – registers the pages that ours replace
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from partners.admin.base import ReadOnlyAdmin, View

admin.site.unregister([User, Group])


class SuperuserOnly(ReadOnlyAdmin):
    """Rows that only superusers see. Our own pages replace Django's, at the same URLs.

    No row can be deleted, because the record of changes names people.
    """

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


def for_superusers(view: View) -> View:
    """Require a superuser for a page. Without one, every method gets 403."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(wrapped)
