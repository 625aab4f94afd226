"""The pages of approvals: the list, one request with its decision, and the issue of an approved key."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from partners.admin.approvals.forms import WAITING, DecisionForm, FilterForm
from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.handovers import sending
from partners.admin.keys.issuing import issued_page
from partners.admin.lists.paging import BoundedPaginator
from partners.diagnosis import forecasting
from partners.keys.digests import DigestKeyUnavailable
from partners.models import Approval, ApprovalState, KeyHandover
from partners.models.approvals.fields import Decision
from partners.names import holds_words
from partners.review.handing_over import Sender
from partners.review.mail import link_mail
from partners.signin.base import change_by, person
from partners.signin.guards.freshness import fresh_password

PAGE, PER_PAGE = "admin:approval", 25
LEVELS = {ApprovalState.WAITING: "warning", ApprovalState.READY: "good", ApprovalState.APPROVED: "good"}


def urls() -> list[URLPattern]:
    """Return the URLs of these pages."""
    return [
        path("approvals/", show_all, name="approvals"),
        path("approvals/<int:approval>/", show, name="approval"),
        path("approvals/<int:approval>/issue/", issue, name="approval_issue"),
    ]


@needs("partners.view_apikey")
@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """List the requests: those that wait first, then the newest."""
    form = FilterForm(request.GET, label_suffix="")
    page = BoundedPaginator(_found(form), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "partners/approvals/list.html", title="Approvals", form=form, page=page)


@needs("partners.view_apikey")
def show(request: HttpRequest, approval: int) -> HttpResponse:
    """Show one request, old → new, and decide it."""
    row, user = _row(approval), person(request)
    own, may_decide = row.is_of(user), row.may_decide(user)
    if request.method == "POST" and not (own or may_decide):
        raise PermissionDenied
    form = DecisionForm(request.POST if request.method == "POST" else None, own=own)
    if form.is_valid() and (answer := _decided(request, form, row)):
        return answer
    row.refresh_from_db()
    waits = row.state is ApprovalState.WAITING
    if waits:
        row.before = row.of_kind.before(row)
    return render(
        request,
        "partners/approvals/page.html",
        title=f"{row.title}: {row.subject or row.organization}",
        approval=row,
        form=form,
        level=LEVELS.get(row.state, ""),
        own=own,
        may_decide=may_decide,
        obstacle=row.obstacle() if waits else None,
    )


@needs("partners.view_apikey")
@fresh_password
def issue(request: HttpRequest, approval: int) -> HttpResponse:
    """Issue an approved key, and show it once to the person who asked for it."""
    row, user = _row(approval), person(request)
    if row.asker != user or not row.by_asker or not row.permits(user):
        raise PermissionDenied
    form = ChangeForm(request.POST if request.method == "POST" else None)
    if row.api_key is not None:
        return render(request, "partners/issued.html", title="Already issued", key=row.api_key)
    if row.state is not ApprovalState.READY:
        return redirect(PAGE, row.pk)
    if form.is_valid() and (answer := _issued(request, form, row)):
        return answer
    wanted: Any = row.wanted_key  # with an organization, as every key that is asked for on a page
    forecasts = forecasting.of_new_key(wanted.organization, wanted.scopes, is_test=False)
    return render(
        request,
        "partners/approvals/issue.html",
        title="Issue the approved key",
        approval=row,
        form=form,
        forecasts=forecasts,
        passes=any(each.passes for each in forecasts),
        idle=forecasting.idle(forecasts, wanted.scopes),
    )


def _found(form: FilterForm) -> QuerySet[Approval]:
    """Return what the form asks for; all requests if it has errors."""
    chosen, rows = form.chosen, Approval.objects.select_related("organization", "api_key").waiting_first()
    if state := chosen.get("state"):
        rows = rows.filter(decision="" if state == WAITING else state)
    if kind := chosen.get("kind"):
        rows = rows.filter(kind=kind)
    if text := chosen.get("q"):
        people = Q(asked_by__icontains=text) | Q(decided_by__icontains=text)
        rows = rows.filter(people | holds_words("organization__name_key", text) | Q(organization__public_id=text))
    return rows


def _decided(request: HttpRequest, form: DecisionForm, approval: Approval) -> HttpResponse | None:
    """Make the decision and say so; None if it is refused, with the errors in the form."""
    user, change = person(request), change_by(request, reason=form.cleaned_data["reason"])
    decision = form.cleaned_data["decision"]
    if decision == Decision.APPROVED:
        return _approved(request, form, approval)
    end = approval.decline if decision == Decision.DECLINED else approval.withdraw
    try:
        end(user, change)
    except ValidationError as refusal:
        form.refuse(refusal, "reason" if refusal.code == "reason_required" else None)
        return None
    messages.success(request, f"{approval.get_decision_display()}. Nothing was changed.")
    return redirect(PAGE, approval.pk)


def _approved(request: HttpRequest, form: DecisionForm, approval: Approval) -> HttpResponse | None:
    """Approve it, and send the link if there is one. Without a way to send it, nothing is approved."""
    change = change_by(request, reason=form.cleaned_data["reason"])
    try:
        url = _public_url(request) if approval.sends_link else ""
        handover = approval.approve(person(request), change)
    except ValidationError as refusal:
        form.refuse(refusal)
        return None
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
        return None
    messages.success(request, f"Approved. {_what_now(approval)}".strip())
    if handover is not None and approval.sends_link:
        return _send(request, approval, handover, url)
    return redirect(PAGE, approval.pk)


def _send(request: HttpRequest, approval: Approval, handover: KeyHandover, url: str) -> HttpResponse:
    return sending.send(request, Sender(approval.approved_change, approval.asker, url), handover)


def _public_url(request: HttpRequest) -> str:
    link_mail.require_mail()
    return sending.public_url(request)


def _what_now(approval: Approval) -> str:
    if approval.by_asker:
        return f"{approval.asked_by} can now issue the key."
    if approval.handover and not approval.sends_link:
        return f"{approval.asked_by} can now send the link and read out its code."
    return "" if approval.handover else approval.of_kind.afterwards


@sensitive_variables()
def _issued(request: HttpRequest, form: ChangeForm, approval: Approval) -> HttpResponse | None:
    """Make the key and show its token in this answer, rendered before the commit; None if it is refused."""
    try:
        with transaction.atomic():
            return issued_page(request, *approval.issue(form.change(request), person(request)))
    except ValidationError as refusal:
        form.refuse(refusal)
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
    return None


def _row(pk: int) -> Approval:
    return get_object_or_404(Approval.objects.select_related("organization", "api_key", "handover", "asker"), pk=pk)
