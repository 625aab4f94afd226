"""How long keys live: by default, at the longest, and after a rotation."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.keys import lifetimes
from partners.models import ApiKey
from tests.factories import CHANGE, issue
from tests.moments import NONE, TICK
from tests.partners.support.command_line import refused, run
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
ISSUE = ("issue_key", "--label", "Invented system", "--scope", "encounters:read")
DAY = timedelta(days=1)


@pytest.fixture
def limits(settings):
    """Set the default and the longest lifetime, in days; 0 stands for none."""

    def limit(default: int, longest: int) -> None:
        settings.KEY_LIFETIME_DAYS, settings.KEY_LONGEST_LIFETIME_DAYS = default, longest

    return limit


def lives(key: ApiKey) -> timedelta:
    return key.expires_at - key.created_at


@pytest.mark.parametrize(
    ("default", "longest", "days"), [(90, 365, 90), (90, 30, 30), (90, 0, 90), (0, 365, 365), (0, 0, None)]
)
def test_the_default_is_never_over_the_longest(limits, default, longest, days):
    limits(default, longest)
    assert lifetimes.default() == (None if days is None else timedelta(days=days))
    assert (lifetimes.default_end() is None) == (days is None)


@pytest.mark.parametrize(
    ("longest", "end", "told"),
    [
        (30, None, "Set an expiry, at most 30 days away."),
        (30, 31 * DAY, "at most 30 days away"),
        (30, -DAY, "must be in the future"),
        (0, 36_501 * DAY, "at most 36,500 days away"),
    ],
)
def test_an_end_that_is_not_allowed_makes_no_key(limits, organization, longest, end, told):
    limits(0, longest)
    with pytest.raises(ValidationError, match=told) as refusal:
        issue(organization, expires_at=end and timezone.now() + end)
    assert set(refusal.value.error_dict) == {"expires_at"}
    assert not ApiKey.objects.exists()


def test_the_longest_lifetime_itself_is_allowed(limits, organization):
    limits(0, 30)
    assert issue(organization, expires_at=timezone.now() + 30 * DAY)[0].state == "active"


@pytest.mark.parametrize(("longest", "days"), [(365, 200), (100, 100), (0, 200)])
def test_a_successor_lives_no_longer_than_is_allowed_by_now(limits, organization, longest, days):
    key, _ = issue(organization, expires_at=timezone.now() + 200 * DAY)
    limits(0, longest)
    successor, _ = key.rotate(CHANGE)
    assert abs(lives(successor) - days * DAY) < timedelta(minutes=1)


def test_the_successor_of_a_key_without_an_end_gets_one_where_it_is_needed(limits, organization):
    key, _ = issue(organization)
    limits(0, 100)
    assert abs(lives(key.rotate(CHANGE)[0]) - 100 * DAY) < timedelta(minutes=1)


def test_the_command_gives_the_default_lifetime(limits):
    limits(90, 365)
    run(*ISSUE)
    assert abs(lives(ApiKey.objects.get()) - 90 * DAY) < timedelta(minutes=1)


def test_the_command_may_leave_the_end_away_where_that_is_allowed(limits):
    limits(90, 0)
    run(*ISSUE, "--expires", "never")
    assert ApiKey.objects.get().expires_at is None
    limits(90, 365)
    assert "Set an expiry" in refused(*ISSUE, "--expires", "never")


@pytest.mark.parametrize(("default", "told"), [(90, "(default: 90d)"), (0, "(default: never)")])
def test_the_commands_help_says_the_default(limits, capsys, default, told):
    limits(default, 0)
    with pytest.raises(SystemExit):
        run("issue_key", "--help")
    assert told in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("end", "allowed"), [(NONE, False), (TICK, True), (365 * DAY, True), (365 * DAY + TICK, False)]
)
def test_an_end_lies_ahead_and_no_further_than_the_longest_lifetime(settings, end, allowed):
    settings.KEY_LONGEST_LIFETIME_DAYS = 365
    if allowed:
        lifetimes.require_allowed(NOW + end, NOW)
        return
    with pytest.raises(ValidationError, match="must be in the future, at most 365 days away"):
        lifetimes.require_allowed(NOW + end, NOW)


@pytest.mark.parametrize("longest", [365, 0])
def test_a_key_can_be_extended_to_its_longest_lifetime_from_its_issue_and_no_further(limits, longest):
    limits(0, longest)
    issued = timezone.now() - 10 * DAY
    end = issued + (lifetimes.longest() or lifetimes.LAST_RESORT)
    lifetimes.require_extendable(end, issued)
    for wrong in (end + TICK, timezone.now()):
        with pytest.raises(ValidationError, match="The expiry must be in the future"):
            lifetimes.require_extendable(wrong, issued)
