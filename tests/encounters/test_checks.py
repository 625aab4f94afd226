"""The system checks: how long a link to a recording may work, and whether a replica can be one."""

import sys

import pytest
from django.db import connections

from encounters import replica
from encounters.checks import LONGEST, SHORTEST, bucket_can_be_used, recordings_can_be_linked, replica_follows


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


WHOLE = {"bucket": "a", "endpoint": "", "region": "eu-central-1", "access_key": "b", "secret_key": "hidden"}


@pytest.mark.parametrize(
    ("given", "storage", "fault"),
    [
        ({}, "", ""),
        ({"bucket": "", "secret_key": "", "access_key": ""}, "", ""),
        ({"access_key": ""}, "", "E006"),
        ({"secret_key": ""}, "", "E006"),
        ({"bucket": ""}, "", "E006"),
        ({"bucket": "", "secret_key": "", "access_key": "", "endpoint": "https://a.example"}, "", "E006"),
        ({}, "another.Storage", "E006"),
        ({"endpoint": "http://a.example"}, "", "E007"),
        ({"endpoint": "https://a.example"}, "", ""),
    ],
)
def test_the_settings_of_a_bucket_are_whole(settings, monkeypatch, given, storage, fault):
    monkeypatch.setattr("encounters.checks.find_spec", lambda name: name)
    settings.S3, settings.RECORDINGS_STORAGE, settings.ENVIRONMENT = WHOLE | given, storage, "production"
    found = recordings_can_be_linked(None)
    assert [each.id for each in found] == ([f"encounters.{fault}"] if fault else [])
    assert "hidden" not in f"{found}"
    if fault:
        assert bucket_can_be_used(None) == []  # the store isn't asked with such settings


def test_plain_http_to_a_bucket_is_for_other_environments(settings, monkeypatch):
    monkeypatch.setattr("encounters.checks.find_spec", lambda name: name)
    settings.S3 = WHOLE | {"endpoint": "http://a.example"}
    assert recordings_can_be_linked(None) == []


def test_a_bucket_needs_its_package(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore", None)
    settings.S3 = WHOLE
    (fault,) = recordings_can_be_linked(None)
    assert (fault.id, "deploy/s3.txt" in fault.hint) == ("encounters.E005", True)


def test_without_a_bucket_there_is_nothing_to_ask():
    assert bucket_can_be_used(None) == []
