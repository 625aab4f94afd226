"""Partners and their keys for staff: to read, until each change has a page made for it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners.models import ApiKey, ChangeEvent, Organization


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that are looked at here and changed nowhere in the admin."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Partner organizations."""

    list_display = ("name", "public_id", "allowlisted", "created_at")
    list_filter = ("allowlisted",)
    search_fields = ("name", "public_id")
    readonly_fields = ("public_id", "created_at", "enabled_routes")
    fields = ("name", "public_id", "allowlisted", "enabled_routes", "created_at")

    @admin.display(description="enabled routes")
    def enabled_routes(self, organization: Organization) -> str:
        """Return the names of the enabled routes."""
        return ", ".join(organization.enabled_routes()) or "none"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys: what identifies them and what they may do, never a secret or a digest."""

    list_display = ("public_part", "label", "organization", "current_state", "expires_at")
    list_select_related = ("organization",)
    search_fields = ("public_part", "public_id", "label")
    fields = (
        "public_id",
        "public_part",
        "label",
        "organization",
        "is_test",
        "current_state",
        "scopes",
        "digest_key_number",
        "created_at",
        "expires_at",
        "disabled_at",
        "revoked_at",
        "rotated_at",
        "replaces",
    )
    readonly_fields = fields

    @admin.display(description="state")
    def current_state(self, key: ApiKey) -> str:
        """Return the state at this moment."""
        return key.state.value


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """Who changed what, when and why."""

    list_display = ("occurred_at", "action", "organization", "api_key", "by", "reason", "ticket")
    list_select_related = ("organization", "api_key")
    list_filter = ("action",)
