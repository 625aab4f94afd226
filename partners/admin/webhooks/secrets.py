"""The pages that show a secret: of a new endpoint, of one that was approved, and a new one. Each is shown once.

A form that is submitted twice shows no secret again, because the model knows which was shown.
"""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.verbs import WAITS, Verb
from partners.admin.webhooks.endpoints import CHANGES, PAGE
from partners.admin.webhooks.forms import AddForm, SecretForm, SwitchForm, initial_secret
from partners.keys.digests import DigestKeyUnavailable
from partners.models import Organization, WebhookEndpoint
from partners.models.change import Change
from partners.review.approvals import asking
from partners.signin.base import person
from partners.signin.guards.freshness import fresh_password

STEP = "partners/webhooks/step.html"
FINISH: Verb[WebhookEndpoint] = Verb(
    "End the old secret",
    SwitchForm,
    lambda endpoint, change, given: endpoint.finish_new_secret(change),
    "The new secret is in force. The old one is not used any more.",
)


@needs(CHANGES)
@fresh_password
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an endpoint to an organization, and show its secret. Where a second person is required, ask for it."""
    organization = get_object_or_404(Organization, pk=pk)
    form, asks = AddForm(request.POST if request.method == "POST" else None), asking.need_approval()
    make = _asked_for if asks else _added
    answer = _answered(form, lambda: make(request, form, organization)) if form.is_valid() else None
    return answer or render(
        request, "partners/webhooks/add.html", title="Add endpoint", organization=organization, form=form, asks=asks
    )


@needs(CHANGES)
@fresh_password
def show(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Show a secret that nobody has seen."""
    row = get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=endpoint)
    form = ChangeForm(request.POST if request.method == "POST" else None)
    answer = _answered(form, lambda: _shown(request, row, form.change(request))) if form.is_valid() else None
    return answer or render(request, STEP, title="Show the signing secret", endpoint=row, form=form, shows=True)


@needs(CHANGES)
@fresh_password
def renew(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Make a new secret, and show it."""
    row = get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=endpoint)
    form = SecretForm(request.POST if request.method == "POST" else None, initial=initial_secret(row))
    answer = _answered(form, lambda: _renewed(request, form, row)) if form.is_valid() else None
    return answer or render(request, STEP, title="New signing secret", endpoint=row, form=form, shows=True)


@needs(CHANGES)
def finish(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Put the new secret in force, and end the old one."""
    row = get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=endpoint)
    form = FINISH.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and FINISH.carry_out(request, row, form):
        return redirect(PAGE, row.pk)
    return render(request, STEP, title=FINISH.title, endpoint=row, form=form)


@sensitive_variables()
def _answered(form: ChangeForm, make: Callable[[], HttpResponse]) -> HttpResponse | None:
    """Return what `make` returns; None if it is refused, with the errors in the form."""
    try:
        return make()
    except ValidationError as refusal:
        form.refuse(refusal)
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
    return None


def _asked_for(request: HttpRequest, form: AddForm, organization: Organization) -> HttpResponse:
    approval = asking.ask_for_endpoint(organization, form.change(request), person(request), **form.endpoint)
    messages.warning(request, WAITS)
    return redirect("admin:approval", approval.pk)


@transaction.atomic
def _added(request: HttpRequest, form: AddForm, organization: Organization) -> HttpResponse:
    change = form.change(request)
    return _shown(request, WebhookEndpoint.add(change, organization=organization, **form.endpoint), change)


@transaction.atomic
def _renewed(request: HttpRequest, form: SecretForm, endpoint: WebhookEndpoint) -> HttpResponse:
    newest = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if newest.newest_generation != form.cleaned_data["generation"]:
        message = "A new secret was made since this page was opened. Open the page again to make another one."
        raise ValidationError(message, code="newer_secret")
    change, moment = form.change(request), form.cleaned_data["moment"]
    endpoint.new_secret(change, starts_at=moment, beside=form.beside)
    return _shown(request, endpoint, change)


@sensitive_variables()
@transaction.atomic
def _shown(request: HttpRequest, endpoint: WebhookEndpoint, change: Change) -> HttpResponse:
    """Show the secret. The answer is rendered before the commit: if rendering fails, no secret was lost."""
    secret = endpoint.show_secret(change)
    response = render(
        request, "partners/webhooks/secret.html", title="Signing secret", endpoint=endpoint, secret=secret
    )
    # The page shows a secret: nobody keeps it, and no link on it tells others where it was.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response.render()
