"""The report about digest keys: how many keys use each, and which can be dropped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.models import ApiKey
from tests.api import Api
from tests.factories import CHANGE, issue
from tests.partners.support.command_line import run, run_json
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db


@pytest.fixture
def older(organization, settings):
    """Keys under number 1: active, disabled, revoked and expired; and one under number 2, the active one."""
    settings.ACTIVE_DIGEST_KEY = 1
    keys = [issue(organization) for _ in range(4)]
    settings.ACTIVE_DIGEST_KEY = 0
    issue(organization)
    keys[1][0].disable(CHANGE)
    keys[2][0].revoke(CHANGE)
    past = timezone.now() - timedelta(days=2)
    ApiKey.objects.filter(pk=keys[3][0].pk).update(created_at=past, expires_at=past + timedelta(days=1))
    return keys


def report() -> list[tuple]:
    return [tuple(each.values()) for each in run_json("digest_keys")["digest_keys"]]


def test_each_digest_key_is_reported_with_the_keys_that_use_it(older):
    assert report() == [(1, "verify-only", 4, 2, None, 0, False), (2, "active", 1, 1, None, 0, False)]


def test_one_that_no_usable_key_uses_can_be_dropped(older):
    (active, token), (disabled, _), *_ = older
    Api(token).get()
    disabled.revoke(CHANGE)
    active.refresh_from_db()
    last_used = active.last_used_at.isoformat().replace("+00:00", "Z")
    assert report() == [(1, "verify-only", 3, 0, None, 0, True), (2, "active", 2, 2, last_used, 0, False)]


def test_a_dropped_one_is_retired_while_a_key_is_stored_under_it(older, settings):
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[1]
    assert report()[0] == (1, "retired", 4, 2, None, 0, False)


def test_a_new_one_that_is_not_active_yet_cannot_be_dropped(settings, db):
    settings.ACTIVE_DIGEST_KEY = 1
    assert report() == [(1, "active", 0, 0, None, 0, False), (2, "verify-only", 0, 0, None, 0, False)]


def test_one_that_a_webhook_endpoint_needs_cannot_be_dropped(organization, settings):
    settings.ACTIVE_DIGEST_KEY = 1
    endpoint = added(organization)
    settings.ACTIVE_DIGEST_KEY = 2
    endpoint.new_secret(CHANGE, beside=True)
    assert report() == [(1, "verify-only", 0, 0, None, 1, False), (2, "active", 0, 0, None, 1, False)]
    endpoint.show_secret(CHANGE)
    endpoint.finish_new_secret(CHANGE)
    assert report() == [(1, "verify-only", 0, 0, None, 0, True), (2, "active", 0, 0, None, 1, False)]
    endpoint.switch_off(CHANGE)
    assert report()[1][5] == 0


def test_the_report_is_a_table_for_people(older):
    first, second, third = run("digest_keys").splitlines()
    assert first.split("  ")[0] == "NUMBER"
    assert second.split() == ["1", "verify-only", "4", "2", "–", "0", "no"]
    assert third.split() == ["2", "active", "1", "1", "–", "0", "no"]


def test_without_any_it_says_so(settings, db):
    settings.DIGEST_KEYS = ""
    assert run("digest_keys").strip() == "No digest keys."
