"""How long a session lasts: 30 minutes without use, 12 hours at most. Times in the session are Unix seconds."""

import time
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

IDLE, LONGEST, FRESH = 30 * 60, 12 * 3600, 15 * 60
RESOLUTION = 60  # use is noted once a minute, not with every request
STARTED, SEEN, PROVED = "signin_started", "signin_seen", "signin_proved"


def begin(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Start the clocks at sign-in, which proves the password too."""
    request.session.update(dict.fromkeys((STARTED, SEEN, PROVED), _now()))


def over(session: SessionBase) -> str:
    """Say why the session of a signed-in person is over; nothing while it is not."""
    if _since(session, STARTED) >= LONGEST:
        return "You were signed out, because a session lasts 12 hours at most. Sign in again to go on."
    if _since(session, SEEN) >= IDLE:
        return "You were signed out after 30 minutes without use. Sign in again to go on."
    return ""


def note_use(session: SessionBase) -> None:
    """Remember that the session is in use."""
    if _since(session, SEEN) >= RESOLUTION:
        session[SEEN] = _now()


def note_proof(session: SessionBase) -> None:
    """Remember that the password was proved now."""
    session[PROVED] = _now()


def is_fresh(session: SessionBase) -> bool:
    """Tell whether the password was proved within the last 15 minutes."""
    return _since(session, PROVED) < FRESH


def _since(session: SessionBase, moment: str) -> int:
    return _now() - int(session.get(moment, 0))


def _now() -> int:
    return int(time.time())
