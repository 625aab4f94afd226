"""Rotate many keys by link: a preview, one reason, one e-mail for each contact, and a report of what was sent."""

from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from partners.admin.base import render
from partners.admin.handovers import sending
from partners.admin.handovers.sending import Skipped
from partners.admin.keys.forms import OVERLAPS
from partners.admin.keys.many.bulk_forms import BulkForm
from partners.finding.last_use import in_use
from partners.models import ApiKey, KeyHandover
from partners.models.change import Action
from partners.models.handover.obstacles import contact_of
from partners.models.keys.lifecycle import refusal
from partners.review.handing_over import Delivery
from partners.review.mail import link_mail


class BulkRotateForm(BulkForm):
    """How long the old keys work after each new one was collected."""

    overlap = forms.ChoiceField(
        label="Each old key expires",
        choices=[(hours, "At once" if hours == "0" else f"After {words}") for hours, words in OVERLAPS.items()],
        initial="24",
        help_text="Counted from when the contact collects the new key.",
    )
    field_order = ["overlap", "reason", "ticket", "number"]

    @property
    def span(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))


@dataclass(frozen=True, slots=True)
class Words:
    """What the preview calls this change."""

    name: str
    words: str
    done: str


VERB = Words("rotate", "Rotate", "rotated by link")


def rotate(request: HttpRequest, selected: list[int]) -> HttpResponse:
    """Show the keys that can be rotated by link, and send the links after a confirmation."""
    if not request.user.has_perm("partners.rotate_apikey"):
        raise PermissionDenied
    form = BulkRotateForm(request.POST if request.POST.get("step") == "confirm" else None, selected=len(selected))
    keys, skipped = _sorted_out(selected)
    if form.is_valid():
        deliveries = form.attempt(lambda: _send(request, form, keys))
        if deliveries is not None:
            return sending.report(request, deliveries, skipped)
    return render(
        request,
        "partners/bulk.html",
        title=f"Rotate {len(keys):,} key{'' if len(keys) == 1 else 's'} by link",
        verb=VERB,
        form=form,
        keys=keys,
        contacts=len({key.organization_id for key in keys}),
        used=sum(map(in_use, keys)),
        skipped=skipped,
    )


def _sorted_out(selected: list[int]) -> tuple[list[ApiKey], Skipped]:
    """Return the keys that can be rotated by link, and the others with the reason."""
    rows = ApiKey.objects.filter(pk__in=selected).select_related("organization", "replaced_by")
    active = {*ApiKey.objects.filter(pk__in=selected).allowing(Action.KEY_ROTATED).values_list("pk", flat=True)}
    links = KeyHandover.objects.waiting().filter(replaces__in=selected)
    waiting = {each.replaces_id for each in links if each.state.may_be_open}
    keys: list[ApiKey] = []
    skipped: Skipped = []
    for key in rows:
        why = _obstacle(key, is_active=key.pk in active, waits=key.pk in waiting)
        if why is None:
            keys.append(key)
        else:
            skipped.append((key, why))
    return keys, skipped


def _obstacle(key: ApiKey, *, is_active: bool, waits: bool) -> ValidationError | None:
    if not is_active:
        return refusal(Action.KEY_ROTATED, key)
    if waits:
        return ValidationError("A link for its successor is waiting already.", code="link_waiting")
    if key.organization is None:
        return ValidationError("The key belongs to no organization.", code="no_contact")
    try:
        contact_of(key.organization)
    except ValidationError as lacking:
        return ValidationError(lacking.messages[0], code="no_contact")
    return None


def _send(request: HttpRequest, form: BulkRotateForm, keys: list[ApiKey]) -> list[Delivery]:
    """Prepare all links or none, then send them. What can't be sent waits to be sent again."""
    link_mail.require_mail()
    form.require_number(len(keys))
    by = sending.sender(request, form)
    with transaction.atomic():
        handovers = [KeyHandover.prepare_successor(by.change, by.user, key, overlap=form.span) for key in keys]
    return by.send(handovers)
