"""The sessions of one person: where they are signed in now, and how to end one or all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp import DEVICE_ID_SESSION_KEY

from partners.models.change import Action, Change, ChangeEvent
from partners.signin.guards import sessions
from partners.signin.models import SessionEpoch

LOOKED_AT = 1_000  # sessions of all people, the last used ones: no index finds those of one person


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session of a person. `reference` names it on a page; its key, with which one is signed in, is never shown."""

    reference: str
    address: str
    started_at: datetime
    seen_at: datetime
    has_second_factor: bool


def reference(session_key: str | None) -> str:
    """Return the name of a session on a page."""
    return salted_hmac("partners.signin.session", session_key or "", algorithm="sha256").hexdigest()[:24]


def of_person(user: User, current: SessionBase) -> list[OwnSession]:
    """Return the sessions of a person that are not over, the last used one first.

    The current one is as this request has it: it is stored only with the response.
    """
    contents = {row.session_key: data for row, data in _live(user)}
    if current.session_key in contents:
        contents[current.session_key] = dict(current.items())
    found = (_own(key, data) for key, data in contents.items())
    return sorted(found, key=lambda each: each.seen_at, reverse=True)


def end_one(user: User, change: Change, wanted: str) -> bool:
    """End one session of a person. Return False if it is over already."""
    found = [(row, data) for row, data in _live(user) if reference(row.session_key) == wanted]
    for row, data in found:
        with transaction.atomic():
            row.delete()
            _record(user, change, sessions="one", address=data.get(sessions.ADDRESS, ""))
    return bool(found)


def end_all(user: User, change: Change) -> None:
    """End every session of a person."""
    with transaction.atomic():
        SessionEpoch.end_sessions(user)
        _record(user, change, sessions="all")


def _live(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    """Yield the sessions of a person that are not over, with what they contain."""
    rows = Session.objects.filter(expire_date__gt=timezone.now()).order_by("-expire_date")[:LOOKED_AT]
    wanted = {
        SESSION_KEY: str(user.pk),
        HASH_SESSION_KEY: user.get_session_auth_hash(),
        sessions.EPOCH: SessionEpoch.of(user.pk),
    }
    for row in rows:
        data = row.get_decoded()
        if wanted.items() <= data.items() and not sessions.timed_out(data):
            yield row, data


def _own(session_key: str, data: dict[str, Any]) -> OwnSession:
    started, seen = (datetime.fromtimestamp(data[name], UTC) for name in (sessions.STARTED, sessions.SEEN))
    has_second_factor = DEVICE_ID_SESSION_KEY in data
    return OwnSession(reference(session_key), data.get(sessions.ADDRESS, ""), started, seen, has_second_factor)


def _record(user: User, change: Change, **after: str) -> None:
    ChangeEvent.record(Action.SESSIONS_ENDED, change, after={"username": user.get_username()} | after)
