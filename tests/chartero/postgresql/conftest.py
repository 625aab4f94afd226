"""What tests of sessions share: a session of their own, and threads that know nothing of the database so far."""

import pytest
from django.db import connection

from chartero.postgresql import sessions
from chartero.postgresql.breaker import Breaker


@pytest.fixture
def breaker(monkeypatch):
    """Return what the threads know of the database: nothing so far."""
    monkeypatch.setattr(sessions, "BREAKER", Breaker())
    yield sessions.BREAKER
    connection.close()


@pytest.fixture
def other():
    """Return another session with the same database."""
    copy = connection.copy()
    yield copy
    copy.close()
