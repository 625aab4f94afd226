"""Owner, note, tags and comments of organizations and keys: checked, kept, recorded, and without effect on calls."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import ApiKey, ChangeEvent, Organization
from partners.models.change import Action, Change
from partners.models.description import LONGEST_NOTE
from tests.factories import CHANGE, issue

pytestmark = pytest.mark.django_db
GIVEN = {"owner": "Dana Example", "note": "Ask first.\nThen change.", "tags": ["billing", "pilot"]}


@pytest.fixture(params=["organization", "key"])
def row(request, organization) -> Organization | ApiKey:
    return organization if request.param == "organization" else issue(organization)[0]


def written(row) -> dict:
    """Return what the database holds of the description."""
    return type(row).objects.get(pk=row.pk).description


def latest(row) -> ChangeEvent:
    return row.events.first()


def test_a_description_is_kept_and_recorded(row):
    assert row.describe(CHANGE, owner=" Dana Example ", note=GIVEN["note"], tags=["pilot", "Billing"])
    assert written(row) == GIVEN
    event = latest(row)
    assert (event.action, event.before, event.after) == (
        Action.DESCRIPTION_CHANGED,
        {"owner": "", "note": "", "tags": []},
        GIVEN,
    )
    organization = row if isinstance(row, Organization) else row.organization
    assert (event.organization, event.api_key) == (organization, row if isinstance(row, ApiKey) else None)


def test_the_same_description_is_no_change(row):
    row.describe(CHANGE, **GIVEN)
    number = row.events.count()
    assert not row.describe(CHANGE, **GIVEN | {"tags": ["PILOT", "billing"]})
    assert row.events.count() == number


def test_a_description_can_be_removed(row):
    row.describe(CHANGE, **GIVEN)
    assert row.describe(CHANGE, owner="", note="", tags=[])
    assert written(row) == {}


@pytest.mark.parametrize(
    "bad",
    [
        {"owner": "x" * 201},
        {"owner": "two\nlines"},
        {"note": "bell\a"},
        {"note": "x" * (LONGEST_NOTE + 1)},
        {"tags": ["a b c d e f g h i j k"]},
        {"tags": ["%"]},
    ],
)
def test_a_bad_description_is_refused(row, bad):
    number = row.events.count()
    with pytest.raises(ValidationError) as refusal:
        row.describe(CHANGE, **GIVEN | bad)
    assert {*refusal.value.message_dict} == {*bad}
    assert (written(row), row.events.count()) == ({}, number)


def test_a_stale_copy_records_what_really_was_before(row):
    stale = type(row).objects.get(pk=row.pk)
    row.describe(CHANGE, **GIVEN)
    stale.describe(CHANGE, **GIVEN | {"owner": "Robin Example"})
    assert latest(row).before == GIVEN


def test_a_comment_is_recorded_and_changes_nothing(row):
    before = type(row).objects.values().get(pk=row.pk)
    row.comment(Change(by="ada", source="tests", reason=" The partner called. ", ticket="OPS-7"))
    event = latest(row)
    assert (event.action, event.by, event.reason, event.ticket) == (
        Action.COMMENTED, "ada", "The partner called.", "OPS-7",
    )  # fmt: skip
    assert (event.before, event.after) == ({}, {})
    assert type(row).objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("text", ["", " \n", "bell\a"])
def test_a_comment_without_a_readable_text_is_refused(row, text):
    number = row.events.count()
    with pytest.raises(ValidationError):
        row.comment(Change(by="ada", source="tests", reason=text))
    assert row.events.count() == number


def test_a_key_is_described_when_it_is_issued(organization):
    key, _ = issue(organization, **GIVEN)
    assert written(key) == GIVEN
    assert {name: latest(key).after[name] for name in GIVEN} == GIVEN
    assert "owner" not in latest(issue(organization)[0]).after


def test_a_successor_has_the_same_description(organization):
    key, _ = issue(organization, **GIVEN)
    successor, _ = key.rotate(CHANGE)
    assert written(successor) == GIVEN
    assert latest(successor).after["tags"] == GIVEN["tags"]
    assert "tags" not in latest(key).after


@pytest.mark.parametrize("end", [lambda key: key.revoke(CHANGE), lambda key: key.rotate(CHANGE)])
def test_a_key_can_be_described_in_every_state(organization, end):
    key, _ = issue(organization)
    end(key)
    assert key.refusal(Action.DESCRIPTION_CHANGED) is key.refusal(Action.COMMENTED) is None
    assert key.describe(CHANGE, **GIVEN)
