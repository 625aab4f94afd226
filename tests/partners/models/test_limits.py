"""Limits of keys and organizations: changed, recorded, refused, and inherited by a successor."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from partners.models import ApiKey, LimitUse, Organization
from partners.models.change import Action, Change
from tests.factories import CHANGE, issue, limit

pytestmark = pytest.mark.django_db
ACTIONS = {ApiKey: Action.KEY_LIMIT_CHANGED, Organization: Action.ORGANIZATION_LIMIT_CHANGED}


@pytest.fixture(params=["key", "organization"])
def row(request, organization):
    return organization if request.param == "organization" else issue(organization)[0]


def stored(row):
    return type(row).objects.get(pk=row.pk).calls_per_minute


def test_nothing_has_a_limit_at_first(row):
    assert stored(row) is None


def test_a_limit_is_set_changed_and_removed_and_each_is_recorded(row):
    for before, after in [(None, 100), (100, 250), (250, None)]:
        assert row.set_limit(CHANGE, after)
        event = row.events.first()
        assert (stored(row), event.action, event.reason) == (after, ACTIONS[type(row)], "a test")
        assert (event.before, event.after) == ({"calls_per_minute": before}, {"calls_per_minute": after})


def test_the_same_limit_is_no_change(row):
    row.set_limit(CHANGE, 100)
    changes = row.events.count()
    assert not row.set_limit(CHANGE, 100)
    assert row.events.count() == changes


@pytest.mark.parametrize("calls", [0, -1, 1_000_001])
def test_a_limit_out_of_range_is_refused(row, calls):
    changes = row.events.count()
    with pytest.raises(ValidationError) as refusal:
        row.set_limit(CHANGE, calls)
    assert [*refusal.value.message_dict] == ["calls_per_minute"]
    assert (stored(row), row.events.count()) == (None, changes)


def test_the_database_refuses_a_limit_of_nothing(row):
    with pytest.raises(IntegrityError), transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(calls_per_minute=0)


def test_a_limit_whose_record_can_not_be_written_is_not_kept(row):
    with pytest.raises(ValidationError):
        row.set_limit(Change(by="", source="tests"), 100)
    assert stored(row) is None


def test_a_revoked_key_has_no_use_for_a_limit(organization):
    key = issue(organization)[0]
    key.revoke(CHANGE)
    with pytest.raises(ValidationError, match="revoked"):
        key.set_limit(CHANGE, 100)


def test_a_successor_has_the_limit_of_the_key_that_it_replaces(organization):
    key = issue(organization)[0]
    key.set_limit(CHANGE, 100)
    assert stored(key.rotate(CHANGE)[0]) == 100


def test_the_use_of_this_minute_in_words(organization, django_assert_num_queries):
    key = issue(organization)[0]
    limit(key, 1_500, used=1_200)
    assert str(LimitUse.objects.get()) == f"1200 × {key.public_id}"
    with django_assert_num_queries(1):
        uses = LimitUse.of(key, organization)
    assert [str(use) for use in uses] == ["1,500 calls a minute, 1,200 used in this minute", "None"]
    key.set_limit(CHANGE, 1)
    assert str(LimitUse.of(key)[0]).startswith("1 call a minute,")
