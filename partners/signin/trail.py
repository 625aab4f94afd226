"""The record of sign-ins, sign-outs, lockouts and refused pages, kept as changes.

Events that anyone can repeat at will are recorded only once per interval, so that no one can flood the record.
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.base import change_by

SIGN_IN, REFUSAL = timedelta(minutes=1), timedelta(minutes=10)


def note(action: Action, request: HttpRequest, **after: Any) -> None:
    """Record a step of signing in or out: at most once a minute for each address."""
    change = change_by(request)
    _once(SIGN_IN, action, change, {"username": change.by} | after, source=change.source)


def note_refused_page(request: HttpRequest) -> None:
    """Record that a person was refused a page: at most once in ten minutes for each page, from any address."""
    match = request.resolver_match
    _once(REFUSAL, Action.PAGE_REFUSED, change_by(request), {"page": match.view_name if match else ""})


def note_lockout(source: str, name: str, digest: str, *, of_address: bool, lasts: timedelta) -> None:
    """Record a lockout once while it lasts, for an address or for a name there. Names of no user are not kept."""
    if of_address:
        _once(lasts, Action.LOCKED_OUT, Change("several names", source), {"locked": "address"}, source=source)
        return
    by = name if User.objects.filter(username=name).exists() else "unknown name"
    _once(lasts, Action.LOCKED_OUT, Change(by, source), {"locked": "name", "name_in_log": digest}, source=source)


def _once(within: timedelta, action: Action, change: Change, after: dict[str, Any], **same: str) -> None:
    recent = ChangeEvent.objects.filter(occurred_at__gt=timezone.now() - within, action=action, by=change.by)
    if not recent.filter(after=after, **same).exists():
        ChangeEvent.record(action, change, after=after)
