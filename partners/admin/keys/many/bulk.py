"""Change many keys at once: a preview of the keys, one reason, one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from partners.admin.base import needs, render
from partners.admin.handovers import rotating
from partners.admin.keys import listing
from partners.admin.keys.many.bulk_forms import BulkExpiryForm, BulkForm, BulkRevokeForm
from partners.admin.lists.model_admin import is_pk
from partners.finding.last_use import in_use
from partners.models import ApiKey
from partners.models.change import Action, Change
from partners.models.keys.key import ApiKeyQuerySet
from partners.models.keys.lifecycle import refusal

Apply = Callable[[ApiKeyQuerySet, Change, Any], list[ApiKey]]


@dataclass(frozen=True, slots=True)
class BulkVerb:
    """One change of many keys: its name in permissions, the words for it, its form, and the call that makes it."""

    name: str
    words: str
    done: str
    action: Action
    form: type[BulkForm]
    apply: Apply


VERBS = {
    verb.name: verb
    for verb in (
        BulkVerb(
            "disable",
            "Disable",
            "disabled",
            Action.KEY_DISABLED,
            BulkForm,
            lambda keys, why, form: keys.disable(why),
        ),
        BulkVerb(
            "revoke",
            "Revoke",
            "revoked",
            Action.KEY_REVOKED,
            BulkRevokeForm,
            lambda keys, why, form: keys.revoke(why),
        ),
        BulkVerb(
            "expire",
            "Change the expiry of",
            "given a new expiry",
            Action.EXPIRY_CHANGED,
            BulkExpiryForm,
            lambda keys, why, form: keys.set_expiry(why, form.end),
        ),
    )
}


def urls() -> list[URLPattern]:
    """Return the URL of the page, relative to the list of API keys."""
    return [path("bulk/", bulk, name="partners_apikey_bulk")]


@needs("partners.bulk_apikey")
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the keys selected in the list, or all that its filters find, and change them after a confirmation."""
    selected = _selected(request)
    if not selected:
        messages.warning(request, "Select keys in the list first.")
        return _back(request)
    if request.POST.get("verb") == rotating.VERB.name:
        return rotating.rotate(request, selected)
    verb, confirmed = _verb(request), request.POST.get("step") == "confirm"
    form = verb.form(request.POST if confirmed else None, selected=len(selected))
    if form.is_valid() and (count := form.attempt(lambda: _apply(verb, request, form, selected))):
        messages.success(request, _message(verb, count, len(selected) - count))
        return _back(request)
    return _preview(request, verb, form, selected)


def _selected(request: HttpRequest) -> list[int]:
    """Return the selected keys. The preview shows all that the filters find now; its form then names these keys."""
    if request.POST.get("which") == "all":
        return listing.pks_found(request)
    return [int(pk) for pk in request.POST.getlist("_selected_action") if is_pk(pk)]


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the list with its filters."""
    filters = f"?{request.GET.urlencode()}" if request.GET else ""
    return HttpResponseRedirect(reverse("admin:partners_apikey_changelist") + filters)


def _verb(request: HttpRequest) -> BulkVerb:
    name = request.POST.get("verb", "")
    if name not in VERBS:
        raise BadRequest("Keys can't be changed together in this way.")
    if not request.user.has_perm(f"partners.{name}_apikey"):
        raise PermissionDenied
    return VERBS[name]


@transaction.atomic
def _apply(verb: BulkVerb, request: HttpRequest, form: BulkForm, selected: list[int]) -> int:
    """Change the selected keys that allow it, all or none, and return how many."""
    changed = verb.apply(ApiKey.objects.filter(pk__in=selected), form.change(request), form)
    form.require_number(len(changed))
    return len(changed)


def _preview(request: HttpRequest, verb: BulkVerb, form: BulkForm, selected: list[int]) -> HttpResponse:
    keys = ApiKey.objects.filter(pk__in=selected).select_related("organization", "replaced_by")
    allowing = [*keys.allowing(verb.action)]
    others = keys.exclude(pk__in=[key.pk for key in allowing])
    return render(
        request,
        "partners/bulk.html",
        title=f"{verb.words} {len(allowing):,} key{'' if len(allowing) == 1 else 's'}",
        verb=verb,
        form=form,
        keys=allowing,
        used=sum(map(in_use, allowing)),
        skipped=[(key, refusal(verb.action, key)) for key in others],
    )


def _message(verb: BulkVerb, count: int, skipped: int) -> str:
    changed = f"{count:,} key{'' if count == 1 else 's'} {verb.done}"
    return f"{changed}, {skipped:,} skipped." if skipped else f"{changed}."
