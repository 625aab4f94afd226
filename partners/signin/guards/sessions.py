"""How long a session lasts: 30 minutes without use, 12 hours at most. Times in the session are Unix seconds.

It ends earlier if the person is deactivated, loses a role, or has the password reset by someone else.
"""

import time
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from partners.decision.address import client_address
from partners.signin.models import SessionEpoch

Content = SessionBase | dict[str, Any]
IDLE, LONGEST, FRESH = 30 * 60, 12 * 3600, 15 * 60
RESOLUTION = 60  # use is noted once a minute, not with every request
STARTED, SEEN, PROVED, EPOCH = "signin_started", "signin_seen", "signin_proved", "signin_epoch"
ADDRESS = "signin_address"


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Start the clocks at sign-in, which also proves the password."""
    request.session.update(dict.fromkeys((STARTED, SEEN, PROVED), _now()))
    request.session[ADDRESS] = client_address(request)
    request.session[EPOCH] = SessionEpoch.of(user.pk)


def end_for_inactive(sender: Any, instance: User, raw: bool, **kwargs: Any) -> None:
    """End the sessions of a deactivated person, so that they don't revive when the person is activated again."""
    if not raw and not instance.is_active:
        SessionEpoch.end_sessions(instance)


def over(session: SessionBase) -> str:
    """Return the message that says why the session is over, or a blank while it isn't."""
    if session.get(EPOCH, 0) != SessionEpoch.of(session[SESSION_KEY]):
        return (
            "You were signed out because your access was changed or you signed out everywhere. "
            "Sign in again to continue."
        )
    return timed_out(session)


def timed_out(session: Content) -> str:
    """Return the message that says why the session took too long, or a blank if it didn't."""
    if _since(session, STARTED) >= LONGEST:
        return "You were signed out because sessions last at most 12 hours. Sign in again to continue."
    if _since(session, SEEN) >= IDLE:
        return "You were signed out after 30 minutes without activity. Sign in again to continue."
    return ""


def note_use(request: HttpRequest) -> None:
    """Remember that the session is in use, and from where."""
    if _since(request.session, SEEN) >= RESOLUTION:
        request.session[SEEN], request.session[ADDRESS] = _now(), client_address(request)


def note_proof(session: SessionBase) -> None:
    """Remember that the password was proved now."""
    session[PROVED] = _now()


def is_fresh(session: SessionBase) -> bool:
    """Return True if the password was proved within the last 15 minutes."""
    return _since(session, PROVED) < FRESH


def _since(session: Content, moment: str) -> int:
    return _now() - int(session.get(moment, 0))


def _now() -> int:
    return int(time.time())
