"""Organizations: their URLs."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from partners.admin.base import ReadOnlyAdmin
from partners.admin.onboarding.creating import create
from partners.admin.organizations import access, contact, describing, limit, listing, overview, parts, purpose
from partners.admin.webhooks import endpoints, secrets
from partners.models import Organization

PAGE = "admin:partners_organization_change"


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Organizations. Our own pages replace Django's, at the same URLs."""

    list_display = ("name",)
    search_fields = ("name", "=public_id")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        return [
            path("export/", listing.export, name="partners_organization_export"),
            path("<int:pk>/access/", access.show, name="partners_organization_access"),
            path("<int:pk>/keys/", parts.show_keys, name="partners_organization_keys"),
            path("<int:pk>/webhooks/", endpoints.show_of_organization, name="partners_organization_webhooks"),
            path("<int:pk>/webhooks/add/", secrets.add, name="partners_organization_webhook_add"),
            path("<int:pk>/calls/", parts.show_calls, name="partners_organization_calls"),
            path("<int:pk>/changes/", parts.show_changes, name="partners_organization_changes"),
            path("<int:pk>/contact/", contact.change_contact, name="partners_organization_contact"),
            path("<int:pk>/limit/", limit.change_limit, name="partners_organization_limit"),
            path("<int:pk>/purpose/", purpose.change_purpose, name="partners_organization_purpose"),
            path("<int:pk>/names/", purpose.change_names, name="partners_organization_names"),
            path("<int:pk>/describe/", describing.describe, name="partners_organization_describe"),
            path("<int:pk>/comment/", describing.comment, name="partners_organization_comment"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return listing.index(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return create(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return overview.show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect(PAGE, object_id)
