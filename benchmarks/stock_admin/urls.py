"""Django's own admin site, where chartero's is otherwise."""

from django.contrib.admin import AdminSite, ModelAdmin
from django.urls import path

from partners.models import ApiKey, Organization, RequestRecord


class ApiKeyAdmin(ModelAdmin):
    """API keys."""

    list_display = ["label", "public_part", "organization", "is_test", "created_at", "expires_at", "revoked_at"]
    list_filter = ["is_test", "scopes", "expires_at"]
    list_select_related = ["organization"]
    search_fields = ["label", "public_part", "organization__name"]
    date_hierarchy = "created_at"
    autocomplete_fields = ["organization"]


class OrganizationAdmin(ModelAdmin):
    """Organizations."""

    list_display = ["name", "contact_email", "allowlisted", "created_at"]
    list_filter = ["allowlisted", "created_at"]
    search_fields = ["name", "contact_name", "contact_email"]
    date_hierarchy = "created_at"


class RequestRecordAdmin(ModelAdmin):
    """Requests, which nobody may change."""

    list_display = ["occurred_at", "api_key", "organization", "route", "status", "reason_code", "address"]
    list_filter = ["status", "route", "reason_code", "occurred_at"]
    list_select_related = ["api_key", "organization"]
    search_fields = ["request_id", "api_key__public_part", "organization__name"]
    date_hierarchy = "occurred_at"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


SITE = AdminSite()
SITE.register(ApiKey, ApiKeyAdmin)
SITE.register(Organization, OrganizationAdmin)
SITE.register(RequestRecord, RequestRecordAdmin)
urlpatterns = [path("admin/", SITE.urls)]
