"""The pages for users and groups. Only superusers can edit them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import ManyToManyField
from django.forms import CheckboxSelectMultiple, ModelForm, ModelMultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners.admin.forms import ReasonForm
from partners.admin.model_admin import StrictModelAdmin, is_pk
from partners.models.change import Change
from partners.signin import account_changes
from partners.signin.guards.freshness import fresh_password

OURS = ("partners", "encounters")


class SuperuserOnly(StrictModelAdmin):
    """Rows that only superusers see and edit. They can't be deleted, because the record of changes names people."""

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


class RecordedChangesAdmin(SuperuserOnly):
    """Rows whose changes need a reason and are recorded with it. Subclasses define `state` and `record`."""

    state: Callable[[Any], dict[str, Any]]
    record: Callable[[Any, Change, dict[str, Any] | None], None]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_fieldsets(request, obj), ("Why", {"fields": ("reason", "ticket")})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Lock the row and keep its old state before it is saved."""
        rows = self.model._default_manager.select_for_update()
        form.before = type(self).state(rows.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record the change after groups and permissions are saved, in the same transaction."""
        super().save_related(request, form, formsets, change)
        type(self).record(form.instance, form.change(request), form.before)


class UserForm(ReasonForm, UserChangeForm):
    """The form to change a user, with a reason."""


class NewUserForm(ReasonForm, AdminUserCreationForm):
    """The form to add a user, with a reason."""


class GroupForm(ReasonForm, ModelForm):
    """The form to change what a group may do, with a reason."""


admin.site.unregister([User, Group])


@admin.register(User)
class StaffAdmin(RecordedChangesAdmin, UserAdmin):
    """Users and their roles. Users who leave are made inactive."""

    state, record = staticmethod(account_changes.of_user), staticmethod(account_changes.record_user)
    form, add_form = UserForm, NewUserForm
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

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Ask for the password first, because a form with a password in it is not carried through the check."""
        return fresh_password(super().add_view)(request, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Redirect to the page that resets a password and records it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if not is_pk(id):
            raise Http404
        return redirect("signin:reset", id)


@admin.register(Group)
class RoleAdmin(RecordedChangesAdmin, GroupAdmin):
    """Groups. Every migration resets the groups of the built-in roles."""

    state, record = staticmethod(account_changes.of_group), staticmethod(account_changes.record_group)
    form = GroupForm
    filter_horizontal = ()
    search_fields = ()
    actions = None

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **options: Any
    ) -> ModelMultipleChoiceField | None:
        """Offer only the permissions that our own pages use."""
        options["queryset"] = Permission.objects.filter(content_type__app_label__in=OURS)
        options["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **options)
