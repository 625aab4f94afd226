"""Partner organizations."""

from django.contrib import admin

from partners.admin.base import ReadOnlyAdmin
from partners.models import Organization


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Partner organizations."""

    list_display = ("name", "public_id", "allowlisted", "created_at")
    list_filter = ("allowlisted",)
    search_fields = ("name", "public_id")
    readonly_fields = ("public_id", "created_at", "enabled_routes")
    fields = ("name", "public_id", "allowlisted", "enabled_routes", "created_at")
    actions = None

    @admin.display(description="enabled routes")
    def enabled_routes(self, organization: Organization) -> str:
        """Return the names of the enabled routes."""
        return ", ".join(organization.enabled_routes()) or "none"
