"""Clinical records in the admin, read-only: the list of encounters, and the page of one with its documents."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from encounters.admin import restricting
from encounters.models import Encounter, EncounterStatus, EncounterType, RecordClass
from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.keys.filters import ChoiceFilter, OrganizationFilter
from partners.admin.lists.model_admin import get_row
from partners.admin.lists.paging import NewestChangeList

SHOWN = 200  # documents of one encounter


class FieldFilter(ChoiceFilter):
    """By a value of a field with choices."""

    field: str
    values: type[TextChoices]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value.value, value.label) for value in self.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class ClassFilter(FieldFilter):
    """By the class of the record."""

    title, parameter_name, field, values = "Class", "record_class", "record_class", RecordClass


class StatusFilter(FieldFilter):
    """By the progress of the encounter."""

    title, parameter_name, field, values = "Status", "status", "status", EncounterStatus


class TypeFilter(FieldFilter):
    """By how the encounter was documented."""

    title, parameter_name, field, values = "Type", "type", "encounter_type", EncounterType


@admin.register(Encounter)
class EncounterAdmin(ReadOnlyAdmin):
    """Encounters of every organization. Our own pages replace Django's, at the same URLs."""

    change_list_template = "encounters/encounters.html"
    list_display = ("public_id",)
    list_select_related = ("organization",)
    list_filter = (OrganizationFilter, TypeFilter, StatusFilter, ClassFilter)
    list_per_page = 25
    search_fields = ("public_id__exact",)
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Apply filters to the newest encounters only: no index supports them."""
        return NewestChangeList

    def get_urls(self) -> list[URLPattern]:
        """Add the page that restricts an encounter, its patient or a document."""
        page = path("<int:pk>/restrict/", restricting.restrict, name="encounters_encounter_restrict")
        return [page, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:encounters_encounter_change", object_id)


@needs("encounters.view_encounter")
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one encounter, by its `enc_…` id or its primary key, and its documents without their content."""
    encounter = get_row(Encounter.objects.select_related("organization", "patient"), object_id)
    documents = encounter.documents.order_by("created_at", "public_id").defer("content", "turns")
    return render(
        request,
        "encounters/encounter.html",
        title=encounter.public_id,
        encounter=encounter,
        restrictions=restricting.shown(request, encounter),
        documents=documents[:SHOWN] if request.user.has_perm("encounters.view_document") else None,
    )
