"""API keys: the list, the search that accepts a pasted token, and the page of one key."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.handovers import pages as handovers
from partners.admin.keys import banner, changing, filters, issuing, listing, networks, pasting, rotations
from partners.admin.keys.many import bulk
from partners.admin.leaks.reads import key_reads
from partners.admin.lists.model_admin import get_row
from partners.catalogue.routes import Route
from partners.diagnosis import forecasting
from partners.keys import digests, in_text
from partners.leaks import mail
from partners.models import ApiKey, KeyHandover, KeyState, LimitUse, NetworkMode
from partners.models.keys import labels
from partners.names import holds_words
from partners.record import networks as seen
from partners.record import traffic
from partners.record.unknown_callers import wrong_secrets
from partners.review.approvals import waiting as approvals
from partners.usage import chart

LIST = "admin:partners_apikey_changelist"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys. No page shows a secret or a digest."""

    change_list_template = "partners/keys.html"
    list_display = ("public_part",)
    list_filter = filters.OFFERED
    list_per_page = 25
    search_fields = ("public_part__exact", "public_id__exact", "label")
    actions = None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a public part or an id exactly, and a label by its words in any case."""
        text = search_term.strip()
        found = Q(public_part=text) | Q(public_id=text) | holds_words("label_key", text)
        return queryset.filter(found) if text else queryset, False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("organization", "scopes")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return listing.KeyList

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("find/", find_key, name="partners_apikey_find"),
            path("export/", listing.export, name="partners_apikey_export"),
            path("add/", add),
            *issuing.urls(),
            *changing.urls(),
            *networks.urls(),
            *bulk.urls(),
            path("<int:pk>/reads/", key_reads, name="partners_apikey_reads"),
            *handovers.urls(),
        ]
        return own + super().get_urls()

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)


@needs("partners.issue_apikey")
def add(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect from Django's URL for a new row to the page that issues a key."""
    return redirect("admin:partners_apikey_issue")


@needs("partners.view_apikey")
@require_POST
@sensitive_post_parameters()
@sensitive_variables()
def find_key(request: HttpRequest) -> HttpResponse:
    """Search by POST, so that no pasted token gets into a URL: first for keys in the text, then in the list."""
    text = request.POST.get("q", "").strip()
    keys = pasting.page(request, text)
    if keys:
        return keys
    if in_text.may_hold_part(text) and not _is_in_a_label(text):
        return pasting.nothing_found(request, text)
    return redirect(f"{reverse(LIST)}?{urlencode({'q': in_text.quoted(text) or text})}")


@sensitive_variables()
def _is_in_a_label(text: str) -> bool:
    """Return True if the text is part of a label, and so is not a secret."""
    return len(text) <= labels.LONGEST and ApiKey.objects.filter(label__icontains=text).exists()


@needs("partners.view_apikey")
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one key: its state and what to do, what it can call now, its rotations, its calls and its changes."""
    key = get_row(ApiKey.objects.select_related("organization", "replaces").prefetch_related("scopes"), object_id)
    successor = ApiKey.objects.filter(replaces=key).first()
    leaks = list(key.leaks.all())
    for leak in leaks:
        leak.api_key = key
    limit, *shared_limit = LimitUse.of(key, *([key.organization] if key.organization else []))
    handover, waiting = KeyHandover.objects.about(key)
    may_see_calls = request.user.has_perm("partners.view_requestrecord")
    return render(
        request,
        "partners/key.html",
        title=key.label,
        key=key,
        successor=successor,
        over=key.state in (KeyState.EXPIRED, KeyState.REVOKED),
        came=rotations.progress(request, key.replaces, key),
        goes=rotations.progress(request, key, successor),
        banner=banner.banner_of(key, successor),
        handover=handover,
        waiting=waiting,
        approvals=approvals.about(key),
        digest_key_loaded=key.digest_key_number in digests.loaded(),
        routes=_routes(key),
        limit=limit,
        shared_limit=next(iter(shared_limit), None),
        traffic=traffic.of_key(key) if may_see_calls else None,
        usage=chart.of_key(key, request.GET.get("usage", "")) if may_see_calls else None,
        wrong_secrets=wrong_secrets.of_key(key) if may_see_calls else None,
        leaks=leaks,
        leak_message=mail.message(key.organization, leaks) if leaks else "",
        unreachable=mail.unreachable(key.organization) if leaks else "",
        allowed_networks=list(key.allowed_networks.all()),
        outside=seen.outside(key) if may_see_calls and key.network_mode == NetworkMode.WATCH else None,
        events=key.events.order_by("-occurred_at", "-pk"),
    )


def _routes(key: ApiKey) -> list[tuple[forecasting.Forecast, datetime | None]]:
    """Return the forecast of a call on each route, and when one was last served."""
    used = dict(key.uses.values_list("route", "last_used_at"))
    return [(forecast, used.get(forecast.route.route_name)) for forecast in forecasting.of_key(key, routes=Route)]
