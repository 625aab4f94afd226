"""The system checks: how long a link to a recording may work, and whether a replica can be one."""

import pytest
from django.db import connections

from encounters import replica
from encounters.checks import LONGEST, SHORTEST, recordings_can_be_linked, replica_follows


@pytest.mark.parametrize(("seconds", "faults"), [(SHORTEST - 1, 1), (SHORTEST, 0), (LONGEST, 0), (LONGEST + 1, 1)])
def test_the_allowed_lifetime_of_a_link(settings, seconds, faults):
    settings.AUDIO_URL_SECONDS = seconds
    assert len(recordings_can_be_linked(None)) == faults


@pytest.mark.parametrize(("follows", "faults"), [(True, 0), (False, 1)])
def test_a_replica_is_judged_only_with_the_database(monkeypatch, follows, faults):
    monkeypatch.setitem(connections.settings, "replica", {})
    monkeypatch.setattr(replica, "_asked", lambda alias, sql: (1, 1, follows)[: 3 if alias == replica.ALIAS else 2])
    assert len(replica_follows(None, databases=["default"])) == faults
    assert replica_follows(None) == []
