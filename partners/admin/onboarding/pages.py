"""The pages of access requests: the list, one of them, and declining it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from partners.admin.base import needs, render
from partners.admin.forms import ReasonForm
from partners.admin.onboarding.creating import access_asked_for
from partners.admin.verbs import Verb
from partners.models import OnboardingRequest, OnboardingState
from partners.models.onboarding.request import KEPT

PER_PAGE = 25
PERMISSION = "partners.decide_onboardingrequest"
PAGE = "admin:access_request"


class DeclineForm(ReasonForm):
    """Why a request is declined."""


DECLINE: Verb[OnboardingRequest] = Verb(
    "Decline the request", DeclineForm, lambda asked, change, given: asked.decline(change), "Request declined."
)


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, for the site to include."""
    return [
        path("access-requests/", show_all, name="access_requests"),
        path("access-requests/<int:asked>/", show, name="access_request"),
        path("access-requests/<int:asked>/decline/", decline, name="access_request_decline"),
    ]


@needs(PERMISSION)
@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """List the requests in one state: those that wait, unless another is chosen."""
    chosen = request.GET.get("state", "")
    state = OnboardingState(chosen) if chosen in [*OnboardingState] else OnboardingState.WAITING
    page = Paginator(OnboardingRequest.objects.in_state(state), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "partners/onboarding/list.html",
        title="Access requests",
        page=page,
        state=state,
        states=[*OnboardingState],
        kept=KEPT.days,
    )


@needs(PERMISSION)
@require_safe
def show(request: HttpRequest, asked: int) -> HttpResponse:
    """Show one request: what was sent, and what was decided."""
    row = get_object_or_404(OnboardingRequest.objects.select_related("organization"), pk=asked)
    return render(
        request,
        "partners/onboarding/page.html",
        title=row.organization_name,
        asked=row,
        alike=row.alike()[:PER_PAGE] if row.state is OnboardingState.WAITING else [],
        access=access_asked_for(row) if row.organization_id and row.preset else "",
        kept=KEPT.days,
    )


@needs(PERMISSION)
def decline(request: HttpRequest, asked: int) -> HttpResponse:
    """Decline a request, for a reason."""
    row = get_object_or_404(OnboardingRequest, pk=asked)
    form = DECLINE.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and DECLINE.carry_out(request, row, form):
        return redirect(PAGE, row.pk)
    return render(request, "partners/onboarding/decline.html", title=DECLINE.title, asked=row, form=form)
