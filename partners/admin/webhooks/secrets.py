"""The pages that make a secret: a new endpoint, and a new secret of one. Each shows it in the answer to its form alone.

A form that is submitted twice shows no secret again: the URL is an endpoint already, or the page has not seen the
newest secret.
"""

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.verbs import Verb
from partners.admin.webhooks.endpoints import CHANGES, PAGE
from partners.admin.webhooks.forms import AddForm, SecretForm, SwitchForm, initial_secret
from partners.keys.digests import DigestKeyUnavailable
from partners.models import Organization, WebhookEndpoint
from partners.signin.guards.freshness import fresh_password

FINISH: Verb[WebhookEndpoint] = Verb(
    "End the old secret",
    SwitchForm,
    lambda endpoint, change, given: endpoint.finish_new_secret(change),
    "The new secret is in force. The old one is not used any more.",
)


@needs(CHANGES)
@fresh_password
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an endpoint to an organization, and show its secret."""
    organization = get_object_or_404(Organization, pk=pk)
    form = AddForm(request.POST if request.method == "POST" else None)
    answer = _shown_once(request, form, lambda: _added(request, form, organization)) if form.is_valid() else None
    return answer or render(
        request, "partners/webhooks/add.html", title="Add endpoint", organization=organization, form=form
    )


@needs(CHANGES)
@fresh_password
def renew(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Make a new secret, and show it."""
    row = get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=endpoint)
    form = SecretForm(request.POST if request.method == "POST" else None, initial=initial_secret(row))
    answer = _shown_once(request, form, lambda: _renewed(request, form, row)) if form.is_valid() else None
    return answer or render(request, "partners/webhooks/step.html", title="New signing secret", endpoint=row, form=form)


@needs(CHANGES)
def finish(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Put the new secret in force, and end the old one."""
    row = get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=endpoint)
    form = FINISH.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and FINISH.carry_out(request, row, form):
        return redirect(PAGE, row.pk)
    return render(request, "partners/webhooks/step.html", title=FINISH.title, endpoint=row, form=form)


@sensitive_variables()
def _shown_once(
    request: HttpRequest, form: ChangeForm, make: Callable[[], tuple[WebhookEndpoint, str]]
) -> HttpResponse | None:
    """Make the secret and show it in this answer; None if it is refused, with the errors in the form.

    The answer is rendered before the commit: if rendering fails, no secret was lost.
    """
    try:
        with transaction.atomic():
            return _answer(request, *make())
    except ValidationError as refusal:
        form.refuse(refusal)
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
    return None


@sensitive_variables()
def _added(request: HttpRequest, form: AddForm, organization: Organization) -> tuple[WebhookEndpoint, str]:
    given = {name: form.cleaned_data[name] for name in ("url", "events")}
    endpoint = WebhookEndpoint.add(form.change(request), organization=organization, **given)
    return endpoint, endpoint.secret(endpoint.generation)


@sensitive_variables()
def _renewed(request: HttpRequest, form: SecretForm, endpoint: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    newest = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if newest.newest_generation != form.cleaned_data["generation"]:
        message = "A new secret was made since this page was opened. Open the page again to make another one."
        raise ValidationError(message, code="newer_secret")
    change, moment = form.change(request), form.cleaned_data["moment"]
    return endpoint, endpoint.new_secret(change, starts_at=moment, beside=form.beside)


@sensitive_variables()
def _answer(request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    response = render(
        request, "partners/webhooks/secret.html", title="Signing secret", endpoint=endpoint, secret=secret
    )
    # The page shows a secret: nobody keeps it, and no link on it tells others where it was.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response.render()
