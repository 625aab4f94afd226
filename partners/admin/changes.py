"""The record of changes, for audits."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from partners.admin.base import ReadOnlyAdmin
from partners.models import ApiKey, ChangeEvent, Organization


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """Who changed what, when, from where and why."""

    list_display = ("occurred_at", "action", "organization", "api_key", "by", "source", "reason", "ticket")
    list_select_related = ("organization", "api_key")
    list_filter = ("action",)
    search_fields = ("by", "ticket")
    search_help_text = "A public part, a key_… id, an org_… id, or part of a username or a ticket."
    actions = None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find the changes of a key or an organization through an index; otherwise search for the text."""
        text = search_term.strip()
        if key := ApiKey.objects.filter(Q(public_part=text) | Q(public_id=text)).first():
            return queryset.filter(api_key=key), False
        if organization := Organization.objects.filter(public_id=text).first():
            return queryset.filter(organization=organization), False
        return super().get_search_results(request, queryset, search_term)
