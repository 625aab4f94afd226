"""The pages that hand over a secret: of a new endpoint, of one that was approved, and a new one.

Each is sent as a link to the contact, or shown once to staff. A form that is submitted twice shows no secret again,
because the model knows which was shown.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.handovers import sending
from partners.admin.handovers.forms import PHONE_CODE, PhoneCodeForm
from partners.admin.verbs import WAITS, Verb
from partners.admin.webhooks.endpoints import CHANGES, PAGE
from partners.admin.webhooks.forms import AddForm, SecretForm, SwitchForm, initial_secret
from partners.keys.digests import DigestKeyUnavailable
from partners.models import KeyHandover, Organization, WebhookEndpoint
from partners.review.approvals import asking
from partners.review.mail import link_mail
from partners.signin.base import person
from partners.signin.guards.freshness import fresh_password

SEND = "send"  # the button that sends a link
FINISH: Verb[WebhookEndpoint] = Verb(
    "End the old secret",
    SwitchForm,
    lambda endpoint, change, given: endpoint.finish_new_secret(change),
    "The new secret is in force. The old one is not used any more.",
)


@needs(CHANGES)
@fresh_password
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an endpoint to an organization, and hand over its secret. Where a second person is required, ask for it."""
    organization = get_object_or_404(Organization, pk=pk)
    form, asks = AddForm(request.POST if request.method == "POST" else None), asking.need_approval()

    def make() -> WebhookEndpoint:
        return WebhookEndpoint.add(form.change(request), organization=organization, **form.endpoint)

    if form.is_valid():
        answer = _asked_for(request, form, organization) if asks else _handed_over(request, form, make)
        if answer:
            return answer
    return render(
        request,
        "partners/webhooks/add.html",
        title="Add endpoint",
        organization=organization,
        form=form,
        asks=asks,
        **_ways(request, organization),
    )


@needs(CHANGES)
@fresh_password
def hand_over(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Hand over a secret that nobody has seen."""
    row = _endpoint(endpoint)
    form = ChangeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (answer := _handed_over(request, form, lambda: row)):
        return answer
    return _step(request, "Hand over the signing secret", row, form, **_ways(request, row.organization))


@needs(CHANGES)
@fresh_password
def renew(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Make a new secret, and hand it over."""
    row = _endpoint(endpoint)
    form = SecretForm(request.POST if request.method == "POST" else None, initial=initial_secret(row))
    if form.is_valid() and (answer := _handed_over(request, form, lambda: _renewed(request, form, row))):
        return answer
    return _step(request, "New signing secret", row, form, **_ways(request, row.organization))


@needs(CHANGES)
def finish(request: HttpRequest, endpoint: int) -> HttpResponse:
    """Put the new secret in force, and end the old one."""
    row = _endpoint(endpoint)
    form = FINISH.form(request.POST if request.method == "POST" else None)
    if form.is_valid() and FINISH.carry_out(request, row, form):
        return redirect(PAGE, row.pk)
    return _step(request, FINISH.title, row, form)


def _ways(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """Return how a secret can be handed over: whether by link, and with a code or not."""
    options = PhoneCodeForm(initial={PHONE_CODE: PHONE_CODE in request.POST})
    return {"offer": sending.Offer.of(organization), "options": options}


@sensitive_variables()
def _handed_over(request: HttpRequest, form: ChangeForm, make: Callable[[], WebhookEndpoint]) -> HttpResponse | None:
    """Make the secret, then send its link or show it; None if it is refused, with the errors in the form."""
    hand = _sent if request.POST.get("step") == SEND else _shown
    try:
        return hand(request, form, make)
    except ValidationError as refusal:
        form.refuse(refusal)
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
    return None


def _asked_for(request: HttpRequest, form: AddForm, organization: Organization) -> HttpResponse | None:
    """Ask for the endpoint; None if that is refused, with the errors in the form."""
    change, user = form.change(request), person(request)
    try:
        approval = asking.ask_for_endpoint(organization, change, user, **form.endpoint)
    except ValidationError as refusal:
        form.refuse(refusal)
        return None
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
        return None
    messages.warning(request, WAITS)
    return redirect("admin:approval", approval.pk)


def _renewed(request: HttpRequest, form: SecretForm, endpoint: WebhookEndpoint) -> WebhookEndpoint:
    newest = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if newest.newest_generation != form.cleaned_data["generation"]:
        message = "A new secret was made since this page was opened. Open the page again to make another one."
        raise ValidationError(message, code="newer_secret")
    endpoint.new_secret(form.change(request), starts_at=form.cleaned_data["moment"], beside=form.beside)
    return endpoint


def _sent(request: HttpRequest, form: ChangeForm, make: Callable[[], WebhookEndpoint]) -> HttpResponse:
    """Send the contact a link to the secret. If the e-mail can't be sent, it can be sent again."""
    link_mail.require_mail()
    by = sending.sender(request, form)
    with transaction.atomic():
        handover = KeyHandover.prepare_secret(by.change, by.user, make())
    return sending.send(request, by, handover)


@sensitive_variables()
@transaction.atomic
def _shown(request: HttpRequest, form: ChangeForm, make: Callable[[], WebhookEndpoint]) -> HttpResponse:
    """Show the secret. The answer is rendered before the commit: if rendering fails, no secret was lost."""
    endpoint = make()
    secret = endpoint.show_secret(form.change(request))
    response = render(
        request, "partners/webhooks/secret.html", title="Signing secret", endpoint=endpoint, secret=secret
    )
    # The page shows a secret: nobody keeps it, and no link on it tells others where it was.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response.render()


def _step(
    request: HttpRequest, title: str, endpoint: WebhookEndpoint, form: ChangeForm, **context: Any
) -> HttpResponse:
    return render(request, "partners/webhooks/step.html", title=title, endpoint=endpoint, form=form, **context)


def _endpoint(pk: int) -> WebhookEndpoint:
    return get_object_or_404(WebhookEndpoint.objects.select_related("organization"), pk=pk)
