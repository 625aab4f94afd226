"""Users and groups, which superusers alone edit, with nothing on the page that the work does not need."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners.admin.guarded import GuardedAdmin, is_pk

OURS = ("partners", "encounters")


class SuperuserOnly(GuardedAdmin):
    """Rows that only superusers see and edit, and that nobody deletes: the record of changes names people."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister([User, Group])


@admin.register(User)
class StaffAdmin(SuperuserOnly, UserAdmin):
    """People and their roles. Who leaves is made inactive."""

    change_form_template = "admin/auth/user/change.html"
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser", "groups")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    formfield_overrides = {ManyToManyField: {"widget": CheckboxSelectMultiple}}
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    actions = None

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Lead to the page that resets a password and puts it on record."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if not is_pk(id):
            raise Http404
        return redirect("signin:reset", id)


@admin.register(Group)
class RoleAdmin(SuperuserOnly, GroupAdmin):
    """Groups. Those of the shipped roles are set again by every migration."""

    filter_horizontal = ()
    search_fields = ()
    actions = None

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **options: Any
    ) -> ModelMultipleChoiceField | None:
        """Offer the permissions that a page of ours asks for."""
        options["queryset"] = Permission.objects.filter(content_type__app_label__in=OURS)
        options["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **options)
