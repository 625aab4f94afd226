"""Disable or revoke many keys at once: a preview of the keys, one reason, one transaction."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm, ReasonForm
from partners.admin.keys.changing import DISABLE, REVOKE, KeyVerb
from partners.admin.keys.forms import BulkRevokeForm
from partners.admin.model_admin import is_pk
from partners.finding.last_use import in_use
from partners.models import ApiKey, together
from partners.models.lifecycle import refusal

LIST = "admin:partners_apikey_changelist"
VERBS: dict[str, tuple[KeyVerb, type[ChangeForm]]] = {
    "disable": (DISABLE, ReasonForm),
    "revoke": (REVOKE, BulkRevokeForm),
}


def urls() -> list[URLPattern]:
    """Return the URL of the page, relative to the list of API keys."""
    return [path("bulk/", bulk, name="partners_apikey_bulk")]


@needs("partners.bulk_apikey")
def bulk(request: HttpRequest) -> HttpResponse:
    """Show the keys selected in the list, and change them after a confirmation."""
    chosen = [int(pk) for pk in request.POST.getlist("_selected_action") if is_pk(pk)]
    if not chosen:
        messages.warning(request, "Select keys in the list first.")
        return redirect(LIST)
    verb, form_class = _verb(request)
    form = form_class(request.POST if request.POST.get("step") == "confirm" else None)
    if form.is_valid() and (count := form.attempt(lambda: _apply(verb, request, form, chosen))):
        messages.success(request, _message(verb, count, len(chosen) - count))
        return redirect(LIST)
    return _preview(request, verb, form, chosen)


def _verb(request: HttpRequest) -> tuple[KeyVerb, type[ChangeForm]]:
    name = request.POST.get("verb", "")
    if name not in VERBS:
        raise BadRequest("Keys can't be changed together in this way.")
    if not request.user.has_perm(f"partners.{name}_apikey"):
        raise PermissionDenied
    return VERBS[name]


@transaction.atomic
def _apply(verb: KeyVerb, request: HttpRequest, form: ChangeForm, chosen: list[int]) -> int:
    """Change the selected keys that allow it, all or none, and return how many."""
    keys = together.lock(verb.action, chosen)
    _require_number(form.cleaned_data, len(keys))
    together.end(verb.action, keys, form.change(request))
    return len(keys)


def _require_number(given: dict[str, Any], number: int) -> None:
    if given.get("number", number) != number:
        message = f"The number is {number:,}. Check the list again, then enter this number."
        raise ValidationError({"number": ValidationError(message, code="wrong_number")})


def _preview(request: HttpRequest, verb: KeyVerb, form: ChangeForm, chosen: list[int]) -> HttpResponse:
    keys = ApiKey.objects.filter(pk__in=chosen).select_related("organization", "replaced_by")
    allowing = [*keys.allowing(verb.action)]
    others = keys.exclude(pk__in=[key.pk for key in allowing])
    return render(
        request,
        "partners/bulk.html",
        title=f"{verb.name.capitalize()} {len(allowing):,} key{'' if len(allowing) == 1 else 's'}",
        verb=verb,
        form=form,
        keys=allowing,
        used=sum(map(in_use, allowing)),
        skipped=[(key, refusal(verb.action, key)) for key in others],
    )


def _message(verb: KeyVerb, count: int, skipped: int) -> str:
    changed = f"{count:,} key{'' if count == 1 else 's'} {verb.name}d"
    return f"{changed}, {skipped:,} skipped." if skipped else f"{changed}."
