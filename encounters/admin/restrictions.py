"""The restrictions: their list, and the page of one, which lifts it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from encounters.models import Restriction
from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.forms import ReasonForm
from partners.admin.keys.filters import ChoiceFilter, OrganizationFilter
from partners.admin.lists.model_admin import get_by_pk
from partners.admin.lists.paging import NewestChangeList

ACTIVE, DUE, ENDED = "active", "due", "ended"


class StateFilter(ChoiceFilter):
    """Restrictions that hold, those of them whose date has passed, or those that have ended."""

    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(ACTIVE, "Active"), (DUE, "Date has passed"), (ENDED, "Ended")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == ENDED:
            return queryset.exclude(ended_at=None)
        return {ACTIVE: queryset.active, DUE: queryset.due}.get(self.value() or "", queryset.all)()


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyAdmin):
    """Restrictions of every organization. Our own pages replace Django's, at the same URLs."""

    change_list_template = "encounters/restrictions.html"
    list_display = ("kind",)
    list_filter = (StateFilter, OrganizationFilter)
    list_per_page = 25
    actions = None

    def get_queryset(self, request: HttpRequest) -> Any:
        found: Any = super().get_queryset(request)
        return found.with_subjects()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Apply filters to the newest restrictions only: no index supports them."""
        return NewestChangeList

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:encounters_restriction_change", object_id)


@needs("encounters.view_restriction")
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one restriction, and lift it."""
    restriction = get_by_pk(Restriction.objects.with_subjects(), object_id)
    if request.method == "POST" and not request.user.has_perm("encounters.restrict_records"):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.attempt(lambda: _lift(request, restriction, form)):
        return redirect("admin:encounters_restriction_changelist")
    return render(
        request,
        "encounters/restriction.html",
        title=f"Restriction of {'an' if restriction.kind == 'encounter' else 'a'} {restriction.kind}",
        restriction=restriction,
        encounters=restriction.encounters(),
        form=form,
    )


def _lift(request: HttpRequest, restriction: Restriction, form: ReasonForm) -> bool:
    if restriction.lift(form.change(request)):
        messages.success(request, "Lifted. Partners get the record again, unless another restriction covers it.")
    else:
        messages.info(request, "It had ended already.")
    return True
