"""Clinical records in the admin, read-only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from encounters.models import Document, Encounter
from partners.admin.base import ReadOnlyAdmin
from partners.admin.paging import NewestChangeList


class DocumentInline(admin.StackedInline):
    """The documents of an encounter, without their content."""

    model = Document
    extra = 0
    can_delete = False
    fields = readonly_fields = ("public_id", "schema_type", "title", "status", "created_at", "withdrawn_at")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Return False: documents come only from imports."""
        return False


@admin.register(Encounter)
class EncounterAdmin(ReadOnlyAdmin):
    """Encounters of every organization."""

    list_display = ("public_id", "organization", "encounter_type", "status", "record_class", "created_at")
    list_select_related = ("organization",)
    list_filter = ("record_class", "status", "encounter_type")
    search_fields = ("public_id__exact",)
    actions = None
    inlines = (DocumentInline,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Apply filters to the newest encounters only: no index supports them."""
        return NewestChangeList
