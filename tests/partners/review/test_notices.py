"""Which notices are due: of each key the most urgent, once for each end, to whom it is of use."""

import pytest
from django.utils import timezone

from partners.models import ApiKey, ExpiryNotice, Organization
from partners.review import notices
from partners.review.notices import DAYS, Notice
from tests.factories import CHANGE, OrganizationFactory
from tests.moments import NONE, TICK
from tests.partners.support import aged
from tests.partners.support.counting import NOW
from tests.partners.support.ending import DAY, ending

pytestmark = pytest.mark.django_db
STAFF = ["staff@example.com"]


@pytest.fixture
def organization(db) -> Organization:
    return OrganizationFactory(contact_email="contact@example.com")


def due() -> list[tuple[str, str, int]]:
    """Return what is due: to whom, about which key, how many days before."""
    return [(each.recipient, one.key.public_id, one.days) for each in notices.due(STAFF) for one in each.endings]


def served() -> list[tuple[str, str, int]]:
    """Return what is due, and note it as sent."""
    told = due()
    for notice in notices.due(STAFF):
        notice.record()
    return told


def pass_by(key: ApiKey, days: float) -> None:
    """Let time go on, as far as the key can tell."""
    span = days * DAY
    moved = {name: getattr(key, name) - span for name in ("created_at", "expires_at")}
    ExpiryNotice.objects.filter(api_key=key).update(expires_at=moved["expires_at"])
    ApiKey.objects.filter(pk=key.pk).update(**moved)
    key.refresh_from_db()


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (31, None), (30.01, None), (29.99, 30), (14.01, 30), (13.99, 14), (7.01, 14), (6.99, 7), (1.01, 7), (0.99, 1),
        (0.01, 1),
    ],
)  # fmt: skip
def test_what_is_due_follows_from_the_time_that_is_left(organization, left, days):
    key = ending(organization, left)
    assert due() == ([] if days is None else [("contact", key.public_id, days), ("staff", key.public_id, days)])


def test_each_is_due_once_on_the_way_to_the_end(organization):
    key = ending(organization, 35)
    told = []
    for _ in range(40):
        told += [days for _, _, days in served()]
        pass_by(key, 1)
    assert told == [days for days in DAYS for _ in ("contact", "staff")]


def test_of_missed_notices_only_the_most_urgent_is_due(organization):
    key = ending(organization, 29)
    served()
    pass_by(key, 23)
    assert {days for _, _, days in served()} == {7}
    assert due() == []


def test_a_new_expiry_gets_a_new_notice(organization):
    ending(organization, 6)
    assert len(served()) == 2
    ApiKey.objects.update(expires_at=timezone.now() + 5 * DAY)
    assert len(served()) == 2
    assert due() == []


@pytest.mark.parametrize("change", ["revoke", "disable"])
def test_a_key_that_does_not_work_gets_no_notice(organization, change):
    getattr(ending(organization, 6), change)(CHANGE)
    assert due() == []


def test_an_expired_key_or_one_without_expiry_gets_no_notice(organization):
    ending(organization, -0.01)
    ending(organization, 6, expires_at=None)
    assert due() == []


@pytest.mark.parametrize(("left", "age", "days"), [(20, 1, None), (13, 8, 14), (6, 0.1, None), (0.9, 0.2, 1)])
def test_a_key_gets_no_notice_for_a_time_before_it_was_issued(organization, left, age, days):
    """A key made for three weeks has no end "in 30 days"."""
    ending(organization, left, age=age)
    assert {found for _, _, found in due()} == ({days} if days and left + age >= days else set())


@pytest.mark.parametrize(("overlap", "days"), [(2 / 24, None), (1, 1), (3, None), (7, 7), (30, 30)])
def test_an_overlap_gets_the_notices_of_its_own_length(organization, overlap, days):
    key = ending(organization, 200)
    successor, _ = key.rotate(CHANGE, overlap=overlap * DAY)
    assert due() == ([] if days is None else [(to, key.public_id, days) for to in ("contact", "staff")])
    assert all(each.successor == successor for notice in notices.due(STAFF) for each in notice.endings)


def test_a_successor_that_does_not_work_is_not_mentioned(organization):
    successor, _ = ending(organization, 200).rotate(CHANGE, overlap=7 * DAY)
    successor.revoke(CHANGE)
    assert [each.successor for notice in notices.due(STAFF) for each in notice.endings] == [None, None]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, ""),
        ({"contact_email": ""}, "the organization has no contact e-mail"),
        ({"contact_email": "x@example.com\nBcc: y@example.com"}, "the organization has no contact e-mail"),
        ({"contact_email": "x@example.com,y@example.com"}, "the organization has no contact e-mail"),
        ({"allowlisted": False}, "the organization is not allowlisted"),
    ],
)
def test_a_contact_is_notified_if_possible_and_if_it_concerns_the_partner(organization, facts, why):
    Organization.objects.update(**facts)
    ending(organization, 6)
    found = notices.due(STAFF)
    assert [notice.recipient for notice in found] == ([] if why else ["contact"]) + ["staff"]
    assert [each.not_notified for each in found[-1].endings] == [why]


def test_only_staff_are_notified_of_a_key_without_an_organization(db):
    ending(None, 6)
    (notice,) = notices.due(STAFF)
    assert (notice.recipient, notice.endings[0].not_notified) == ("staff", "the key belongs to no organization")


def test_a_contact_added_later_is_notified_then(organization):
    Organization.objects.update(contact_email="")
    ending(organization, 6)
    assert [to for to, _, _ in served()] == ["staff"]
    Organization.objects.update(contact_email="new@example.com")
    assert [to for to, _, _ in served()] == ["contact"]


def test_each_contact_gets_one_message_and_staff_one_about_all(organization):
    other = OrganizationFactory(contact_email="other@example.com")
    keys = [ending(whose, days) for whose, days in ((organization, 6), (other, 5), (organization, 4))]
    found = notices.due(STAFF)
    assert [(list(each.to), [one.key for one in each.endings]) for each in found] == [
        (["contact@example.com"], [keys[2], keys[0]]),
        (["other@example.com"], [keys[1]]),
        (STAFF, [keys[2], keys[1], keys[0]]),
    ]


def test_a_day_begun_counts_as_one(organization):
    for days, left in ((6.5, 7), (0.01, 1)):
        ending(organization, days)
        assert notices.due(STAFF)[-1].endings[0].days_left == left


def test_addresses_stay_out_of_what_is_printed_by_accident():
    assert "example.com" not in repr(Notice("staff", STAFF, []))


@pytest.mark.parametrize("number", [1, 12])
def test_the_number_of_statements_does_not_grow(organization, django_assert_num_queries, number):
    for _ in range(number):
        ending(organization, 6).rotate(CHANGE, overlap=3 * DAY)
        ending(OrganizationFactory(contact_email="x@example.com"), 6)
    with django_assert_num_queries(2):
        notices.due(STAFF)


def test_a_notice_says_what_it_was():
    assert str(ExpiryNotice(days=7, recipient="contact")) == "7 days before the end, to the organization's contact"


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("tick", "days"), [(-TICK, 7), (NONE, 7), (TICK, 14)])
def test_a_notice_is_due_from_its_exact_day(organization, tick, days):
    key, _ = aged.key(organization, expires_at=NOW + 7 * DAY + tick)
    assert notices._days(key, key.expires_at, NOW) == days


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("tick", "days"), [(-TICK, 7), (NONE, 7), (TICK, None)])
def test_a_notice_whose_day_was_over_when_the_key_was_made_is_not_due(organization, tick, days):
    key, _ = aged.key(organization, expires_at=NOW + 6 * DAY, created_at=NOW - DAY + tick)
    assert notices._days(key, key.expires_at, NOW) == days
