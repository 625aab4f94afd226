"""Lockout after repeated failures, by django-axes: for one name at one address, so that it locks nobody out elsewhere.

Nothing typed is kept: a name only as a keyed digest, since people type passwords into that field too.
"""

from ipaddress import ip_network
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from partners.address import client_address
from partners.signin.pages import page

SHARED_PREFIX = {4: 32, 6: 64}  # one household or office has a whole /64 of IPv6 addresses to choose from


def count(request: HttpRequest | None, username: str) -> None:
    """Count a failure; with the last one allowed, the middleware of axes answers in place of the view."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def holds(request: HttpRequest, username: str) -> bool:
    """Tell whether this name is locked out at this address."""
    return bool(AxesProxyHandler.is_locked(request, {"username": username}))


def failures(username: str) -> int:
    """Return how many failures are counted for this name, at all addresses."""
    attempts = AccessAttempt.objects.filter(username=name_digest(username))
    return attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0


def forget(username: str, request: HttpRequest | None = None) -> None:
    """Forget the failures of this name, at all addresses or at the address of one request."""
    reset(username=name_digest(username), ip=network(request) if request else None)


def forget_unless_code_follows(sender: Any, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> None:
    """Forget the failures once the password is all that is asked for: else who has it could try codes for ever."""
    if not settings.SECOND_FACTOR:
        forget(user.get_username(), request)


def keep_nothing_typed(sender: Any, instance: AccessAttempt, **kwargs: Any) -> None:
    """Store neither form nor query of a failed attempt."""
    instance.get_data = instance.post_data = ""


def answer(request: HttpRequest, original: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """Return the page that says what to do, the same whether the name exists or not (`AXES_LOCKOUT_CALLABLE`)."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    response = page(request, "signin/locked.html", "Too many failed attempts", status=429, minutes=minutes)
    response["Retry-After"] = str(minutes * 60)
    return response


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name that an attempt is counted under (`AXES_USERNAME_CALLABLE`)."""
    return name_digest((credentials or {}).get("username") or "")


def name_digest(username: str) -> str:
    """Return the keyed digest that stands for a name."""
    return salted_hmac("partners.signin.lockout", username, algorithm="sha256").hexdigest()


def network(request: HttpRequest) -> str:
    """Return the address that an attempt is counted under (`AXES_CLIENT_IP_CALLABLE`)."""
    address = client_address(request)
    prefix = SHARED_PREFIX[6 if ":" in address else 4]
    return str(ip_network(f"{address}/{prefix}", strict=False).network_address)
