"""The filters of the list of API keys by expiry, last use, and what the organization may do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.catalogue.routes import Route, Scope
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/apikey/"


def labels(client, query) -> set[str]:
    return {key.label for key in client.get(f"{LIST}?{query}").context["cl"].result_list}


@pytest.fixture
def expiring(organization, settings):
    """Active keys that expire in some days, one that never does, and a disabled one."""
    settings.KEY_LONGEST_LIFETIME_DAYS = 0
    for days in (14, 30, 60, 90, 91):
        issue(organization, label=f"{days} days", expires_at=timezone.now() + timedelta(days=days, seconds=-9))
    issue(organization, label="never")
    issue(organization, label="disabled", expires_at=timezone.now() + timedelta(days=1))[0].disable(CHANGE)


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("14", {"14 days"}),
        ("30", {"14 days", "30 days"}),
        ("60", {"14 days", "30 days", "60 days"}),
        ("90", {"14 days", "30 days", "60 days", "90 days"}),
        ("never", {"never"}),
        ("31", {"14 days", "30 days", "60 days", "90 days", "91 days", "never", "disabled"}),
    ],
)
def test_active_keys_are_found_by_when_they_expire(support, expiring, choice, shown):
    assert labels(support, f"expires={choice}") == shown


@pytest.mark.parametrize(
    ("choice", "shown"),
    [("lately", {"1"}), ("idle30", {"31", "91"}), ("idle", {"91"}), ("never", {"never"})],
)
def test_keys_are_found_by_their_last_use(support, organization, choice, shown):
    for ago in (0, 1, 29, 31, 89, 91):
        used(issue(organization, label=str(ago or "1"))[0], days=ago, hours=1)
    issue(organization, label="never")
    assert labels(support, f"used={choice}") >= shown
    assert ("never" in labels(support, f"used={choice}")) == (choice == "never")
    assert ("29" in labels(support, f"used={choice}")) is False


@pytest.fixture
def partners(db):
    """Keys of four owners: all is open, no route, not allowlisted, and no organization at all."""
    issue(OrganizationFactory(routes=[Route.DOCUMENTS_AUDIO]), label="open")
    issue(OrganizationFactory(routes=[Route.ENCOUNTERS_LIST]), label="another route")
    issue(OrganizationFactory(allowlisted=False), label="not allowlisted")
    issue(None, label="of nobody")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("route=documents.audio", {"open", "not allowlisted"}),
        ("route=encounters.detail", {"not allowlisted"}),
        ("allowlisted=yes", {"open", "another route"}),
        ("allowlisted=no", {"not allowlisted", "of nobody"}),
        ("allowlisted=yes&route=documents.audio", {"open"}),
        ("allowlisted=maybe&route=documents", {"open", "another route", "not allowlisted", "of nobody"}),
    ],
)
def test_keys_are_found_by_what_their_organization_may_do(support, partners, query, shown):
    assert labels(support, query) == shown


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("owner=dana", {"described"}),
        ("owner=robin", set()),
        ("tag=pilot", {"described"}),
        ("tag=Billing,pilot", {"described"}),
        ("tag=pil", set()),
        ("tag=pilot&owner=robin", set()),
    ],
)
def test_keys_are_found_by_their_owner_and_tags(support, partners, query, shown):
    issue(OrganizationFactory(), label="described", owner="Dana Example", tags=["billing", "pilot"])
    assert labels(support, query) == shown


def test_who_may_read_recordings_is_one_filter(support, partners):
    revoked, _ = issue(OrganizationFactory(), label="revoked")
    revoked.revoke(CHANGE)
    issue(OrganizationFactory(), label="without the scope", scopes=[Scope.ENCOUNTERS_READ])
    query = "state=active&scope=recordings:read&route=documents.audio&allowlisted=yes"
    assert labels(support, query) == {"open"}


def test_a_filter_shows_what_is_chosen(support, organization):
    text = support.get(f"{LIST}?expires=60&route=documents.audio").text
    for option in ('value="60" selected', 'value="documents.audio" selected'):
        assert option in text
