"""API keys: the list, the search that takes a pasted token, and one key's page."""

import re
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from partners import digests, lookup, preflight, tokens, traffic
from partners.admin import bulk, changing, issuing
from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.guarded import row
from partners.admin.key_filters import (
    SOON,
    DigestKeyFilter,
    LastUseFilter,
    OrganizationFilter,
    ScopeFilter,
    StateFilter,
)
from partners.models import ApiKey, KeyState
from partners.names import holds_words

# A run of base62 longer than any id or public part may be a token without its prefix.
_SECRET_LIKE = re.compile(r"[0-9A-Za-z]{23,}")
LIST = "admin:partners_apikey_changelist"


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys: what identifies them and what they may do, never a secret or a digest."""

    change_list_template = "partners/keys.html"
    list_display = ("public_part",)
    list_filter = (StateFilter, OrganizationFilter, ScopeFilter, DigestKeyFilter, LastUseFilter)
    list_per_page = 50
    search_fields = ("public_part__exact", "public_id__exact", "label")
    search_help_text = "A public part, a key_… id, a label, or a whole token: it is compared, never kept."
    actions = None

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a public part or an id as it is, a label by its words in any case."""
        text = search_term.strip()
        found = Q(public_part=text) | Q(public_id=text) | holds_words("label_key", text)
        return queryset.filter(found) if text else queryset, False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("organization", "scopes")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("find/", find, name="partners_apikey_find"),
            path("add/", add),
            *issuing.urls(),
            *changing.urls(),
            *bulk.urls(),
        ]
        return own + super().get_urls()

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)


@needs("partners.issue_apikey")
def add(request: HttpRequest) -> HttpResponseRedirect:
    """Lead from Django's own address of a new row to the page that issues a key."""
    return redirect("admin:partners_apikey_issue")


@needs("partners.view_apikey")
@require_POST
@sensitive_post_parameters()
@sensitive_variables()
def find(request: HttpRequest) -> HttpResponseRedirect:
    """Search by POST, so that a pasted token comes into no URL: it leads to its key, everything else to the list."""
    text = request.POST.get("q", "").strip()
    if not lookup.holds_token(text) and not _SECRET_LIKE.search(text):
        return redirect(f"{reverse(LIST)}?{urlencode({'q': _public_part(text)})}")
    key = by_token(text)
    if key is None:
        messages.warning(request, "No key has this token: it is unknown, incomplete or of another deployment.")
        return redirect(LIST)
    return redirect("admin:partners_apikey_change", key.pk)


@sensitive_variables()
def by_token(text: str) -> ApiKey | None:
    """Return the key whose token this is, compared by digest."""
    token = tokens.parse(text)
    if token is None:
        return None
    key = ApiKey.objects.filter(public_part=token.public_part).first()
    if key is None or key.digest_key_number not in digests.loaded():
        return None
    return key if digests.matches(token.text, bytes(key.digest), key.digest_key_number) else None


@needs("partners.view_apikey")
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one key: its state and what to do, what it may call now, its facts, its chain, its calls, its timeline."""
    key = row(ApiKey.objects.select_related("organization", "replaces").prefetch_related("scopes"), object_id)
    return render(
        request,
        "partners/key.html",
        title=key.label,
        key=key,
        successor=ApiKey.objects.filter(replaces=key).first(),
        soon=key.expires_at is not None and key.state is KeyState.ACTIVE and key.expires_at <= timezone.now() + SOON,
        digest_key_loaded=key.digest_key_number in digests.loaded(),
        routes=_routes(key),
        traffic=traffic.of_key(key) if request.user.has_perm("partners.view_requestrecord") else None,
        events=key.events.order_by("-occurred_at", "-pk"),
    )


def _routes(key: ApiKey) -> list[tuple[preflight.Forecast, datetime | None]]:
    """Return what a call on each route would meet, and when one was last served."""
    used = dict(key.uses.values_list("route", "last_used_at"))
    return [(forecast, used.get(forecast.route.route_name)) for forecast in preflight.of_key(key)]


def _public_part(text: str) -> str:
    """Cut what people quote of a key, `ch_sk_<public part>…`, to what the search knows."""
    for prefix in (tokens.TEST_PREFIX, tokens.LIVE_PREFIX):
        text = text.removeprefix(prefix)
    return text.rstrip("…. ")
