"""Requests: the list of recorded calls, the search by request id, and the page of one call."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.lists import exports
from partners.admin.lists.model_admin import get_row
from partners.admin.lists.record_filter import ALL, OWN
from partners.admin.requests import sheet, unrecorded
from partners.admin.requests.filters import RequestFilter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from partners.finding import lookup
from partners.identifiers import matcher
from partners.models import RequestRecord
from partners.models.change import Action
from partners.record import pages, subjects
from partners.record.call_groups import grouped
from partners.record.pages import LOOKED_AT, to_address
from partners.record.subjects import Subject
from partners.usage import chart
from partners.usage.chart import Usage

LIST = "admin:partners_requestrecord_changelist"
PAGE = "admin:partners_requestrecord_change"
_is_request_id = matcher("req")


@admin.register(RequestRecord)
class RequestRecordAdmin(ReadOnlyAdmin):
    """Requests. Our own pages replace Django's, at the same URLs."""

    def get_urls(self) -> list[URLPattern]:
        return [
            path("", index, name="partners_requestrecord_changelist"),
            path("find/", find_request, name="partners_requestrecord_find"),
            path("export/", export, name="partners_requestrecord_export"),
            path("<str:object_id>/", show, name="partners_requestrecord_change"),
        ]


@needs("partners.view_requestrecord")
@sensitive_post_parameters()
@sensitive_variables()
def index(request: HttpRequest) -> HttpResponse:
    """List the calls, newest first. Filters come by POST, so that a pasted token doesn't get into a URL."""
    form = RequestFilter(request.POST if request.method == "POST" else request.GET, label_suffix="")
    if form.is_valid() and request.method == "POST":
        return redirect(f"{reverse(LIST)}?{urlencode(form.address)}")
    return _list(request, form)


@needs("partners.view_requestrecord")
@require_POST
@sensitive_post_parameters()
@sensitive_variables()
def export(request: HttpRequest) -> HttpResponse:
    """Return the filtered calls as a CSV file, after the export itself is recorded."""
    form = RequestFilter(request.POST, label_suffix="")
    return sheet.answer(request, form) if form.is_valid() else _list(request, form)


@needs("partners.view_requestrecord")
@require_POST
@sensitive_post_parameters()
def find_request(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect from a request id to its page. It comes by POST, so that a pasted token doesn't get into a URL."""
    try:
        return redirect(PAGE, lookup.request_id(request.POST.get("q", "")))
    except ValidationError as unreadable:
        messages.warning(request, unreadable.message)
        return redirect(LIST)


@needs("partners.view_requestrecord")
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one call, by its request id or its primary key: what was asked and answered, and how to fix a refusal."""
    if _is_request_id(object_id) and unrecorded.is_unrecorded(object_id):
        return unrecorded.show(request, object_id)
    calls = RequestRecord.objects.select_related("api_key", "organization")
    may_name = request.user.has_perm("partners.account_disclosures")
    record = get_row(calls, object_id, "request_id")
    return render(
        request,
        "partners/request.html",
        title=record.request_id,
        record=record,
        lacked=_lacked_scopes(record) if record.reason is Reason.MISSING_SCOPE else [],
        may_name=may_name,
        named=_named(record) if may_name else [],
    )


def _list(request: HttpRequest, form: RequestFilter) -> HttpResponse:
    context = _found(request, form) if form.is_valid() else {"narrowed": True}
    form.tidy()
    return render(request, "partners/requests.html", title="Requests", form=form, most=exports.most(), **context)


def _found(request: HttpRequest, form: RequestFilter) -> dict[str, Any]:
    page = pages.page_at(form.search(), request.GET.get("newer", ""), request.GET.get("older", ""))
    return {
        "page": page,
        "groups": grouped(page.rows),
        "older": page.older and to_address(page.older),
        "newer": page.newer and to_address(page.newer),
        "looked_at": f"{LOOKED_AT:,}",
        "usage": _usage(form, request.GET.get("usage", "")),
        "of_many": not form.cleaned_data["key"],
        "calls": f"?{urlencode(form.callers)}&" if form.callers else "?",
        "filters": form.address,
        "address": urlencode(form.address),
        "at_all_times": urlencode(form.address | {"time": ALL}),
        "narrowed": form.narrows,
    }


def _usage(form: RequestFilter, span: str) -> Usage | None:
    """Return the chart of the calls, or None if their filters ask for what no chart shows."""
    given = form.cleaned_data
    key, organization, time = given["key"], given["organization"], given["time"]
    if given["route"] or given["status"] or given["code"] or time in (ALL, OWN):
        return None
    if key:
        of_another = organization and key.organization_id != organization.pk
        return None if of_another else chart.of_key(key, span or time)
    return chart.of_organization(organization, span or time) if organization else chart.of_all(span or time)


def _lacked_scopes(record: RequestRecord) -> list[str]:
    """Return the scopes that the key lacked for the route: by the next change of its scopes, or as it has them now."""
    changes = record.api_key.events.filter(action=Action.SCOPES_CHANGED, occurred_at__gt=record.occurred_at)
    later = changes.order_by("occurred_at", "pk").first()
    held = later.before["scopes"] if later else record.api_key.scopes.values_list("name", flat=True)
    required = [scope.value for route in Route if route.route_name == record.route for scope in route.scopes]
    return [scope for scope in required if scope not in held]


def _named(record: RequestRecord) -> list[tuple[str, list[str], int]]:
    """Return what was disclosed, by kind: the public ids, and how many rows no longer exist."""
    document = [] if record.document is None else [record.document]
    kinds = (
        ("Encounters", Subject.ENCOUNTER, record.encounters),
        ("Patients", Subject.PATIENT, record.patients),
        ("Document", Subject.DOCUMENT, document),
    )
    named = []
    for label, subject, pks in kinds:
        if pks:
            names = subjects.public_ids(subject, pks)
            named.append((label, [names[pk] for pk in pks if pk in names], len(pks) - len(names)))
    return named
