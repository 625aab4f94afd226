"""Lockout after repeated failures, with django-axes. It applies to one name at one address.

So an attacker elsewhere can't lock a person out. An address from which several names fail is locked out as a whole.
Names are stored only as keyed digests, because people sometimes type a password into that field.
"""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network
from math import ceil
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from partners.decision.address import client_address
from partners.signin import trail
from partners.signin.base import page

ADDRESS_LIMIT = 20  # failures at one address, whatever the names
IN_LOG = 12  # characters of a name's digest: enough to tell names apart, too few to look like a secret
SHARED_PREFIX = {4: 32, 6: 64}  # with IPv6, one household or office has a whole /64 of addresses


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """The counts of axes, with an extra limit for a whole address (`AXES_HANDLER`)."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Return the limit during a lockout, else 0: axes locks out at the limit."""
        return settings.AXES_FAILURE_LIMIT if ends(request, _name(request, credentials)) else 0


def count(request: HttpRequest | None, username: str) -> None:
    """Count a failure. Once the limit is reached, the axes middleware answers in place of the view."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def holds(request: HttpRequest, username: str) -> bool:
    """Return True if this name is locked out at this address."""
    return ends(request, username) is not None


def ends(request: HttpRequest, username: str) -> datetime | None:
    """Return when the lockout of this name at this address ends, or of the whole address; None without one."""
    here = _recent(request).order_by("attempt_time").values_list("attempt_time", "failures_since_start")
    of_name = _end([*here.filter(username=name_digest(username))], settings.AXES_FAILURE_LIMIT)
    return max(filter(None, (of_name, _end([*here], ADDRESS_LIMIT))), default=None)


def note(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Record a lockout."""
    name = _name(request, request.axes_credentials)  # type: ignore[attr-defined]
    whole = _total(_recent(request)) >= ADDRESS_LIMIT
    digest, lasts = name_digest(name)[:IN_LOG], settings.AXES_COOLOFF_TIME
    trail.note_lockout(network(request), name, digest, of_address=whole, lasts=lasts)


def failures(username: str) -> int:
    """Return how many failures are counted for this name, at all addresses."""
    return _total(AccessAttempt.objects.filter(username=name_digest(username)))


def forget(username: str, request: HttpRequest | None = None) -> None:
    """Forget the failures of this name, at all addresses or at the address of one request."""
    reset(username=name_digest(username), ip=network(request) if request else None)


def forget_unless_code_follows(sender: Any, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> None:
    """Forget the failures after the password, unless a code follows.

    Otherwise a thief of the password could try codes without limit.
    """
    if not settings.SECOND_FACTOR:
        forget(user.get_username(), request)


def keep_nothing_typed(sender: Any, instance: AccessAttempt, **kwargs: Any) -> None:
    """Keep the form and the query of a failed attempt out of the database."""
    instance.get_data = instance.post_data = ""


def answer(request: HttpRequest, original: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """Return the lockout page. It is the same whether the name exists or not (`AXES_LOCKOUT_CALLABLE`)."""
    now = timezone.now()
    end = ends(request, _name(request, credentials)) or now
    seconds = max(1, ceil((end - now).total_seconds()))
    minutes = ceil(seconds / 60)
    response = page(request, "signin/locked.html", "Too many failed attempts", status=429, minutes=minutes)
    response["Retry-After"] = str(seconds)
    return response


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name that an attempt is counted under (`AXES_USERNAME_CALLABLE`)."""
    return name_digest((credentials or {}).get("username") or "")


def client_in_log(username: str | None, ip_address: str, *arguments: Any) -> str:
    """Return the client as the log names it (`AXES_CLIENT_STR_CALLABLE`). The record of a lockout has both parts."""
    return f"name {(username or '')[:IN_LOG]} at {ip_address}"


def name_digest(username: str) -> str:
    """Return the keyed digest of a name."""
    return salted_hmac("partners.signin.lockout", username, algorithm="sha256").hexdigest()


def network(request: HttpRequest) -> str:
    """Return the address that an attempt is counted under (`AXES_CLIENT_IP_CALLABLE`)."""
    address = client_address(request)
    prefix = SHARED_PREFIX[6 if ":" in address else 4]
    return str(ip_network(f"{address}/{prefix}", strict=False).network_address)


def _name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name of an attempt: the one that was typed, else the person who is signed in."""
    return (credentials or {}).get("username") or request.user.get_username()


def _recent(request: HttpRequest) -> QuerySet[Any]:
    """Return the attempts at this address that still count."""
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    attempts: QuerySet[Any] = AccessAttempt.objects.filter(ip_address=network(request), attempt_time__gt=since)
    return attempts


def _total(attempts: QuerySet[Any]) -> int:
    return attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0


def _end(attempts: Sequence[tuple[datetime, int]], limit: int) -> datetime | None:
    """Return when fewer than `limit` failures will be left; None if there are fewer now. The oldest comes first."""
    total, end = sum(number for _, number in attempts), None
    for at, number in attempts:
        if total < limit:
            break
        total, end = total - number, at + settings.AXES_COOLOFF_TIME
    return end
