"""API keys: the list, and one key's page."""

from django.contrib import admin

from partners.admin.base import ReadOnlyAdmin
from partners.models import ApiKey


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
        "created_at",
        "expires_at",
    )
    readonly_fields = fields
    actions = None

    @admin.display(description="state")
    def current_state(self, key: ApiKey) -> str:
        """Return the state at this moment."""
        return key.state.value
