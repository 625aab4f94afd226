"""The page of one delivery: its event, and its attempts."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from partners.admin.base import needs, render
from partners.admin.verbs import Verb
from partners.admin.webhooks.endpoints import CHANGES, SEES
from partners.admin.webhooks.forms import SwitchForm
from partners.models import WebhookDelivery

PAGE = "admin:webhook_delivery"
REPLAY: Verb[WebhookDelivery] = Verb(
    "Send again",
    SwitchForm,
    lambda delivery, change, given: delivery.replay(change),
    "It is sent again within seconds, if the endpoint is on.",
)


@needs(SEES)
@require_safe
def show(request: HttpRequest, delivery: int) -> HttpResponse:
    """Show one delivery, its event, and each attempt."""
    row = _delivery(delivery)
    title = row.event.public_id
    return render(
        request, "partners/webhooks/delivery.html", title=title, delivery=row, endpoint=row.endpoint, event=row.event
    )


@needs(CHANGES)
def replay(request: HttpRequest, delivery: int) -> HttpResponse:
    """Send one event again to its endpoint."""
    row = _delivery(delivery)
    form = REPLAY.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and REPLAY.carry_out(request, row, form):
        return redirect(PAGE, row.pk)
    return render(
        request, "partners/webhooks/step.html", title=REPLAY.title, form=form, endpoint=row.endpoint, delivery=row
    )


def _delivery(pk: int) -> WebhookDelivery:
    rows = WebhookDelivery.objects.select_related("event__organization", "endpoint__organization")
    return get_object_or_404(rows, pk=pk)
