"""The record of changes, for those who audit it."""

from django.contrib import admin

from partners.admin.base import ReadOnlyAdmin
from partners.models import ChangeEvent


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """Who changed what, when, from where and why."""

    list_display = ("occurred_at", "action", "organization", "api_key", "by", "source", "reason", "ticket")
    list_select_related = ("organization", "api_key")
    list_filter = ("action",)
    search_fields = ("by", "ticket", "=api_key__public_part", "=api_key__public_id", "=organization__public_id")
    show_full_result_count = False
    actions = None
