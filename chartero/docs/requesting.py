"""The page where a future partner asks for access. It creates a request for staff, and never an organization.

The page is 404 unless `CHARTERO_ACCESS_REQUESTS` is on. It is the only developer page with a form that changes
something, so it checks Django's CSRF token, and its cookie is the only one. The answers are the same whether we know
the organization or not.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from chartero.docs.views import frame, missing
from partners.decision.address import client_address, network
from partners.keys.token_free import TokenFreeForm
from partners.models import OnboardingRequest
from partners.models.onboarding import TooMany
from partners.models.onboarding.request import KEPT, WANTED

WRITE_URL = "Write the address of a website, such as https://example.com."


def _field(name: str, **options: Any) -> Any:
    field: Any = OnboardingRequest._meta.get_field(name)
    return field.formfield(**options)


class RequestForm(TokenFreeForm):
    """What a future partner says. `fax` is hidden: only a program fills it in."""

    token_advice = "Tell us if others may have seen it."  # noqa: S105 – a sentence

    organization_name = _field(
        "organization_name", label="Organization", widget=forms.TextInput({"autocomplete": "organization"})
    )
    contact_name = _field("contact_name", label="Your name", widget=forms.TextInput({"autocomplete": "name"}))
    contact_email = _field("contact_email", label="Your e-mail", widget=forms.EmailInput({"autocomplete": "email"}))
    website = forms.URLField(
        required=False,
        max_length=200,
        assume_scheme="https",
        label="Website of the organization (optional)",
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={"invalid": WRITE_URL},
        widget=forms.TextInput({"autocomplete": "url", "inputmode": "url"}),
    )
    wanted = forms.ChoiceField(choices=WANTED, label="Data that you need", widget=forms.RadioSelect)
    purpose = _field(
        "purpose",
        label="Purpose",
        widget=forms.Textarea({"rows": 4}),
        help_text="In a few sentences: for which patients, and what your system does with the data. Don't include "
        "data of patients.",
    )
    fax = forms.CharField(required=False, label="Leave this empty", widget=forms.TextInput({"autocomplete": "off"}))

    def send(self, source: str) -> bool:
        """Keep the request and return True, or False if the model refuses it; raise TooMany at the limits of a day.

        The form must be valid.
        """
        given = dict(self.cleaned_data)
        trapped = bool(given.pop("fax"))
        return trapped or self.attempt(lambda: OnboardingRequest.send(source, **given)) is not None


def request_access(request: HttpRequest) -> HttpResponse:
    """Show the form and take a request, if this deployment takes any."""
    return _form(request) if settings.ACCESS_REQUESTS else missing(request)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Say what happens next."""
    return render(request, "docs/access_sent.html", frame()) if settings.ACCESS_REQUESTS else missing(request)


@csrf_protect
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
def _form(request: HttpRequest) -> HttpResponse:
    form = RequestForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid() and form.send(network(client_address(request))):
            return redirect("docs:access_sent")
    except TooMany as refusal:
        response = _page(request, form, 429, full=True)
        response["Retry-After"] = str(refusal.seconds)
        return response
    return _page(request, form, 400 if form.is_bound else 200)


def _page(request: HttpRequest, form: RequestForm, status: int, **context: Any) -> HttpResponse:
    facts = {"form": form, "kept": KEPT.days, "contact_email": settings.CONTACT_EMAIL}
    return render(request, "docs/access.html", frame() | facts | context, status=status)
