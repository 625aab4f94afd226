"""Changes: the list, its CSV file, and the page of one change, for audits."""

from itertools import groupby
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.changes import sheet
from partners.admin.changes.filters import ChangeFilter
from partners.admin.lists import exports
from partners.admin.lists.model_admin import get_by_pk
from partners.models import ChangeEvent
from partners.record import pages
from partners.record.pages import LOOKED_AT, to_address

LIST, PAGE = "admin:partners_changeevent_changelist", "admin:partners_changeevent_change"


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnlyAdmin):
    """Who changed what, when, from where and why. Our own pages replace Django's, at the same URLs."""

    def get_urls(self) -> list[URLPattern]:
        return [path("export/", export, name="partners_changeevent_export"), *super().get_urls()]

    def offered(self, request: HttpRequest) -> set[str]:
        return {*ChangeFilter.base_fields, "older", "newer"}

    def show_list(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return index(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect(PAGE, object_id)


@needs("partners.view_changeevent")
@sensitive_post_parameters()
@sensitive_variables()
def index(request: HttpRequest) -> HttpResponse:
    """List the changes, newest first. Filters come by POST, so that a pasted token doesn't get into a URL."""
    form = ChangeFilter(request.POST if request.method == "POST" else request.GET, label_suffix="")
    if form.is_valid() and request.method == "POST":
        return redirect(f"{reverse(LIST)}?{urlencode(form.address)}")
    return _list(request, form)


@needs("partners.view_changeevent")
@require_POST
@sensitive_post_parameters()
@sensitive_variables()
def export(request: HttpRequest) -> HttpResponse:
    """Return the filtered changes as a CSV file, after the export itself is recorded."""
    form = ChangeFilter(request.POST, label_suffix="")
    return sheet.answer(request, form) if form.is_valid() else _list(request, form)


@needs("partners.view_changeevent")
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one change."""
    changes = ChangeEvent.objects.select_related("organization", "api_key")
    event = get_by_pk(changes, object_id)
    return render(request, "partners/change.html", title=event.get_action_display(), event=event)


def _list(request: HttpRequest, form: ChangeFilter) -> HttpResponse:
    context = _found(request, form) if form.is_valid() else {"narrowed": True}
    form.tidy()
    return render(
        request,
        "partners/changes.html",
        title="Changes",
        form=form,
        most=exports.most(),
        **context,
    )


def _found(request: HttpRequest, form: ChangeFilter) -> dict[str, Any]:
    page = pages.page_at(form.search(), request.GET.get("newer", ""), request.GET.get("older", ""))
    return {
        "page": page,
        "days": [(day, list(events)) for day, events in groupby(page.rows, lambda event: event.occurred_at.date())],
        "older": page.older and to_address(page.older),
        "newer": page.newer and to_address(page.newer),
        "looked_at": f"{LOOKED_AT:,}",
        "filters": form.address,
        "address": urlencode(form.address),
        "narrowed": form.narrows,
    }
