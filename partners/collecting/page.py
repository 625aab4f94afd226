"""The page where a link is used: paste or open it, see what it is for, and get the key or secret, which is shown once.

The token is in the fragment of the link, which browsers send to nobody: a script puts it into the form, or people paste
the link there. GET is the same page for everyone and reads nothing. The token itself authorizes a POST, so there is no
cookie and no CSRF token.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from partners.api.base_url import base_url
from partners.catalogue.routes import Route
from partners.collecting.guesses import GUESSES
from partners.decision.address import client_address, network
from partners.keys import links
from partners.keys.digests import DigestKeyUnavailable
from partners.models import HandoverState, KeyHandover
from partners.models.handover import Closed
from partners.review.mail import link_mail
from partners.review.mail.link_mail import Alert

View = Callable[[HttpRequest], HttpResponse]
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
NO_LINK = "This is not a whole link. Copy it from the e-mail again, with everything after the # character."


def private(view: View) -> View:
    """Keep a page out of caches, search engines and the Referer header of what comes after it."""

    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        response = view(request)
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return wrapped


@csrf_exempt
@private
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
def collect(request: HttpRequest) -> HttpResponse:
    """Take the link, say what it is for, then create the key and show it."""
    if request.method != "POST":
        return _page(request, "link")
    token = links.token_in(request.POST.get("link", ""))
    if token is None:
        return _page(request, "link", status=400, error=NO_LINK)
    source = client_address(request)
    if wait := GUESSES.wait(network(source)):
        return _try_later(request, wait)
    try:
        return _answer(request, token, source)
    except Closed:  # somebody else collected, replaced or withdrew it a moment ago
        return _answer(request, token, source)


@sensitive_variables()
def _answer(request: HttpRequest, token: str, source: str) -> HttpResponse:
    handover = KeyHandover.objects.of_link(token)
    if handover is None:
        GUESSES.count(network(source))
        return _page(request, "closed", status=404, state="unknown")
    if not handover.state.is_open:
        return _closed(request, handover, source)
    if request.POST.get("step") == "collect":
        return _collect(request, handover, token, source)
    handover.open(source)
    return _review(request, handover, token)


@sensitive_variables()
def _collect(request: HttpRequest, handover: KeyHandover, token: str, source: str) -> HttpResponse:
    """Create the key, or take the signing secret. The answer shows it, rendered before the commit: none is lost."""
    if not handover.accept_code(request.POST.get("code", ""), source):
        return _wrong_code(request, handover, token, source)
    try:
        with transaction.atomic():
            shown = _key_page if handover.endpoint is None else _secret_page
            return shown(request, handover, source)
    except Closed:
        raise
    except ValidationError as refusal:
        why = " ".join(refusal.messages)
        if handover.note_refusal(source, why):
            link_mail.alert(Alert.REFUSED, handover, source, why)
        return _page(request, "closed", status=409, state="refused", handover=handover)
    except DigestKeyUnavailable:
        return _page(request, "closed", status=503, state="unavailable", handover=handover)


@sensitive_variables()
def _key_page(request: HttpRequest, handover: KeyHandover, source: str) -> HttpResponse:
    key, secret = handover.collect(source)
    url = f"{base_url(request)}/external/v1/{Route.KEY_READ.path}"
    return _page(request, "key", key=key, token=secret.text, url=url, routes=_routes(handover))


@sensitive_variables()
def _secret_page(request: HttpRequest, handover: KeyHandover, source: str) -> HttpResponse:
    secret = handover.collect_secret(source)
    return _page(request, "secret", endpoint=handover.endpoint, secret=secret)


def _wrong_code(request: HttpRequest, handover: KeyHandover, token: str, source: str) -> HttpResponse:
    if handover.state is HandoverState.LOCKED:
        link_mail.alert(Alert.LOCKED, handover, source)
        return _closed(request, handover, source)
    return _review(request, handover, token, status=400, wrong_code=True)


@sensitive_variables()
def _review(request: HttpRequest, handover: KeyHandover, token: str, **context: Any) -> HttpResponse:
    return _page(request, "review", handover=handover, link=token, **context)


def _closed(request: HttpRequest, handover: KeyHandover, source: str) -> HttpResponse:
    """Say why the link can't be used. If the key was collected with it, staff are alerted."""
    if handover.open(source):
        link_mail.alert(Alert.REUSED, handover, source)
    return _page(request, "closed", status=410, state=handover.state.value, handover=handover)


def _try_later(request: HttpRequest, seconds: float) -> HttpResponse:
    response = _page(request, "closed", status=429, state="busy", minutes=math.ceil(seconds / 60))
    response["Retry-After"] = str(math.ceil(seconds))
    return response


def _routes(handover: KeyHandover) -> list[Route]:
    """Return the routes whose scopes the key has."""
    return [route for route in Route.grantable() if {scope.value for scope in route.scopes} <= {*handover.scopes}]


def _page(request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    frame = {"environment": settings.ENVIRONMENT, "hours": settings.HANDOVER_HOURS}
    return render(request, f"collect/{name}.html", frame | context, status=status)
