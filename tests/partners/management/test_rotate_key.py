from datetime import timedelta

import pytest
from django.utils import timezone

from partners.keys import tokens
from partners.models import ApiKey
from tests.factories import CHANGE, issue
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.rows import opens

pytestmark = pytest.mark.django_db


def test_a_rotated_key_has_a_successor_and_an_expiry(organization):
    old, _ = issue(organization)
    report = run_json("rotate_key", old.public_part, "--overlap", "2d")
    old.refresh_from_db()
    assert opens(old.replaced_by, report["token"])
    assert (report["key_id"], report["replaced_key_id"]) == (old.replaced_by.public_id, old.public_id)
    assert abs(old.expires_at - timezone.now() - timedelta(days=2)) < timedelta(seconds=10)
    assert report["replaced_expires_at"] == old.expires_at.isoformat().replace("+00:00", "Z")


def test_the_default_overlap_is_a_day(organization):
    old, _ = issue(organization)
    run("rotate_key", old.public_id)
    old.refresh_from_db()
    assert abs(old.expires_at - timezone.now() - timedelta(days=1)) < timedelta(seconds=10)


def test_without_an_overlap_the_old_key_expires_at_once(organization):
    old, _ = issue(organization)
    run("rotate_key", old.public_id, "--overlap", "0h")
    assert ApiKey.objects.get(pk=old.pk).state == "expired"


def test_a_successor_is_printed_as_aligned_lines(organization):
    old, _ = issue(organization)
    lines = run("rotate_key", old.public_id).splitlines()
    assert tokens.parse(lines[-1]).public_part == ApiKey.objects.get(replaces=old).public_part
    assert f"replaced_key_id      {old.public_id}" in lines


def test_a_successor_goes_into_a_file(organization, tmp_path):
    old, _ = issue(organization)
    run("rotate_key", old.public_id, "--out", str(tmp_path / "token"))
    assert opens(ApiKey.objects.get(replaces=old), (tmp_path / "token").read_text().strip())


def test_a_rotation_is_recorded(organization):
    old, _ = issue(organization)
    run("rotate_key", old.public_id, "--reason", "yearly", "--ticket", "T-2", "--by", "Invented Person")
    for key in (old, ApiKey.objects.get(replaces=old)):
        event = key.events.first()
        assert (event.by, event.reason, event.ticket) == ("Invented Person", "yearly", "T-2")


@pytest.mark.parametrize("overlap", ["-1h", "soon", "1m"])
def test_another_overlap_is_refused(organization, overlap):
    old, _ = issue(organization)
    assert "24h or 90d" in refused("rotate_key", old.public_id, f"--overlap={overlap}")
    assert ApiKey.objects.count() == 1


def test_a_key_can_be_rotated_only_once(organization):
    old, _ = issue(organization)
    successor, _ = old.rotate(CHANGE)
    assert successor.public_id in refused("rotate_key", old.public_id)


def test_a_rotation_whose_token_cannot_be_written_changes_nothing(organization, tmp_path):
    old, _ = issue(organization)
    refused("rotate_key", old.public_id, "--out", str(tmp_path))
    assert ApiKey.objects.get().rotated_at is None
    assert list(tmp_path.iterdir()) == []
