"""Send a key as a link to the contact of its organization, instead of showing it to staff."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin import nonces
from partners.admin.base import render
from partners.admin.forms import ChangeForm
from partners.admin.handovers.forms import PHONE_CODE
from partners.api import base_url
from partners.models import ApiKey, KeyHandover, Organization
from partners.models.handover.obstacles import contact_of
from partners.review.handing_over import Delivery, Sender
from partners.review.mail import link_mail
from partners.signin.base import person

PAGE = "admin:partners_handover"
Prepare = Callable[[], KeyHandover]
Skipped = list[tuple[ApiKey, ValidationError]]


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a link can be sent to an organization: the contact's address, or why not."""

    to: str
    refusal: str

    @classmethod
    def of(cls, organization: Organization | None) -> "Offer":
        """Return whether a link can be sent to this organization."""
        try:
            if organization is None:
                raise ValidationError("A key of no organization can't be handed over by link.", code="no_contact")
            link_mail.require_mail()
            return cls(contact_of(organization), "")
        except ValidationError as refusal:
            return cls("", refusal.messages[0])


def sender(request: HttpRequest, form: ChangeForm) -> Sender:
    """Return the person who sends links by this form."""
    return Sender(form.change(request), person(request), public_url(request))


def public_url(request: HttpRequest) -> str:
    """Return the address that partners reach; raise ValidationError if it isn't known."""
    if settings.SERVES == "staff" and not base_url.stated():
        raise ValidationError(
            "Partners use another address than staff. Set CHARTERO_BASE_URL to it.", code="no_base_url"
        )
    return base_url.base_url(request)


@sensitive_variables()
def send_new(request: HttpRequest, form: ChangeForm, prepare: Prepare) -> HttpResponse | None:
    """Prepare a hand-over and send its link; None if that is refused, with the errors in the form.

    The form works only once. If the e-mail can't be sent, the hand-over waits to be sent again.
    """
    try:
        link_mail.require_mail()
        by = sender(request, form)
        with nonces.single_use(request.POST.get("nonce", ""), person(request)) as use:
            handover = prepare()
            use.made(handover)
    except nonces.AlreadyUsed as used:
        return already_used(request, used)
    except ValidationError as refusal:
        form.refuse(refusal)
        return None
    return send(request, by, handover)


@sensitive_variables()
def send(request: HttpRequest, by: Sender, handover: KeyHandover) -> HttpResponse:
    """Send a new link. Show its code, if one is asked for, or else the page of the hand-over."""
    delivery = by.send([handover], with_code=PHONE_CODE in request.POST)[0]
    if delivery.code:
        return _code_page(request, delivery)
    if delivery.fault:
        messages.error(request, f"The link was not sent. {delivery.fault}")
    else:
        messages.success(request, f"Link sent to {handover.sent_to}.")
    return redirect(PAGE, handover.pk)


def report(request: HttpRequest, deliveries: list[Delivery], skipped: Skipped) -> HttpResponse:
    """Show which of many links were sent, and why the others weren't."""
    failed = [each for each in deliveries if each.fault]
    return render(
        request,
        "partners/handover/report.html",
        title="Delivery report",
        sent=[each for each in deliveries if not each.fault],
        failed=failed,
        skipped=skipped,
    )


def already_used(request: HttpRequest, used: nonces.AlreadyUsed) -> HttpResponse:
    """Show what a form that is sent again has already made."""
    if isinstance(used.made, KeyHandover):
        messages.warning(request, "You already submitted this form. No other link was sent.")
        return redirect(PAGE, used.made.pk)
    return render(request, "partners/issued.html", title="Already issued", key=used.made)


@sensitive_variables()
def _code_page(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    response = render(
        request,
        "partners/handover/code.html",
        title="Link sent",
        handover=delivery.handover,
        code=delivery.code,
    )
    response["Cache-Control"] = "no-store"
    return response
