"""The pages of hand-overs: the list, one of them, send a new link, withdraw it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.handovers import sending
from partners.admin.handovers.forms import PHONE_CODE, ResendForm, WithdrawForm
from partners.admin.handovers.sending import PAGE
from partners.admin.lists.paging import BoundedPaginator
from partners.admin.verbs import Verb
from partners.models import HandoverState, KeyHandover
from partners.review.handing_over import Sender
from partners.review.mail import link_mail
from partners.signin.base import change_by, person

PER_PAGE, MOST_AT_ONCE = 25, 500
WITHDRAW: Verb[KeyHandover] = Verb(
    "Withdraw the link",
    WithdrawForm,
    lambda handover, change, given: handover.withdraw(change),
    "Link withdrawn. Nobody can use it.",
)


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, relative to the list of API keys."""
    return [
        path("links/", show_all, name="partners_handovers"),
        path("links/send/", send_unsent, name="partners_handovers_send"),
        path("links/<int:link>/", show, name="partners_handover"),
        path("links/<int:link>/resend/", resend, name="partners_handover_resend"),
        path("links/<int:link>/withdraw/", withdraw, name="partners_handover_withdraw"),
    ]


@needs("partners.view_apikey")
@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """Show the hand-overs, newest first: those that wait, or all."""
    every = request.GET.get("show") == "all"
    rows = KeyHandover.objects.all() if every else KeyHandover.objects.waiting()
    page = BoundedPaginator(rows.select_related("organization", "replaces", "api_key"), PER_PAGE)
    return render(
        request,
        "partners/handover/list.html",
        title="Handed over by link",
        page=page.get_page(request.GET.get("page")),
        every=every,
        unsent=KeyHandover.objects.waiting().filter(sent_at=None).count(),
    )


@needs("partners.view_apikey")
@require_safe
def show(request: HttpRequest, link: int) -> HttpResponse:
    """Show one hand-over: its state, what to do, and what has happened."""
    handover = _row(link)
    obstacle = handover.obstacle()
    return render(
        request,
        "partners/handover/page.html",
        title=handover.label,
        handover=handover,
        obstacle=obstacle,
        level=_level(handover, obstacle),
        may_send=request.user.has_perm(handover.permission),
        events=handover.events.select_related("api_key"),
    )


@needs("partners.view_apikey")
def resend(request: HttpRequest, link: int) -> HttpResponse:
    """Send a new link. The one before it no longer works."""
    handover = _row_of_sender(request, link)
    given = request.POST if request.method == "POST" else None
    form = ResendForm(given, initial={PHONE_CODE: handover.has_code or PHONE_CODE in request.GET})
    if form.is_valid() and not handover.state.is_over:
        try:
            link_mail.require_mail()
            return sending.send(request, sending.sender(request, form), handover)
        except ValidationError as refusal:
            form.refuse(refusal)
    offer = sending.Offer.of(handover.organization)
    return _step(request, "resend", "Send a new link", handover, form, offer=offer)


@needs("partners.bulk_apikey")
@require_POST
def send_unsent(request: HttpRequest) -> HttpResponse:
    """Send every link that could not be sent so far, and that this person may send."""
    rows = (
        KeyHandover.objects.waiting()
        .filter(sent_at=None)
        .select_related("organization", "replaces", "sender", "endpoint")
    )
    handovers = [each for each in rows[:MOST_AT_ONCE] if request.user.has_perm(each.permission)]
    try:
        link_mail.require_mail()
        by = Sender(change_by(request), person(request), sending.public_url(request))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("admin:partners_handovers")
    return sending.report(request, by.send(handovers), [])


@needs("partners.view_apikey")
def withdraw(request: HttpRequest, link: int) -> HttpResponse:
    """Withdraw a link. No key is created."""
    handover = _row_of_sender(request, link)
    form = WITHDRAW.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and WITHDRAW.carry_out(request, handover, form):
        return redirect(PAGE, handover.pk)
    return _step(request, "withdraw", WITHDRAW.title, handover, form)


def _level(handover: KeyHandover, obstacle: ValidationError | None) -> str:
    """Return the class that colours what staff need to know first."""
    if handover.reused_at or handover.state is HandoverState.LOCKED:
        return "danger"
    if handover.state is HandoverState.COLLECTED:
        return "good"
    waits_for_staff = handover.state in (HandoverState.UNSENT, HandoverState.EXPIRED)
    return "warning" if obstacle or waits_for_staff else ""


def _step(
    request: HttpRequest, name: str, title: str, handover: KeyHandover, form: ChangeForm, **context: Any
) -> HttpResponse:
    template = f"partners/handover/{name}.html"
    return render(request, template, title=title, handover=handover, form=form, **context)


def _row(link: int) -> KeyHandover:
    rows = KeyHandover.objects.select_related("organization", "replaces", "api_key", "sender", "endpoint")
    return get_object_or_404(rows, pk=link)


def _row_of_sender(request: HttpRequest, link: int) -> KeyHandover:
    """Return the row if this person may send or withdraw its link."""
    handover = _row(link)
    if not request.user.has_perm(handover.permission):
        raise PermissionDenied
    return handover
