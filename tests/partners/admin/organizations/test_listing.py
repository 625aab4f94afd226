"""The filters of the list of organizations by route and by last use of their keys."""

import pytest

from partners.catalogue.routes import Route
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.staff import ORGANIZATIONS

pytestmark = pytest.mark.django_db


def names(client, query) -> set[str]:
    return {facts.organization.name for facts in client.get(f"{ORGANIZATIONS}?{query}").context["rows"]}


@pytest.fixture
def partners(db):
    """Organizations by when one of their two keys was last used: hours, 40 and 100 days ago, and never."""
    for name, since in (("Hours", {"hours": 2}), ("Weeks", {"days": 40}), ("Months", {"days": 100})):
        partner = OrganizationFactory(name=name, routes=[Route.ENCOUNTERS_LIST])
        used(issue(partner)[0], **since)
        used(issue(partner)[0], days=200)
    issue(OrganizationFactory(name="Never"))
    OrganizationFactory(name="Without keys", routes=[])
    used(issue(None)[0], hours=1)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("used=lately", {"Hours"}),
        ("used=idle30", {"Weeks", "Months"}),
        ("used=idle", {"Months"}),
        ("used=never", {"Never", "Without keys"}),
        ("used=ever", {"Hours", "Weeks", "Months", "Never", "Without keys"}),
        ("route=encounters.list", {"Hours", "Weeks", "Months", "Never"}),
        ("route=documents.audio", {"Never"}),
        ("route=encounters.list&used=idle", {"Months"}),
        ("route=encounters.list&used=never&show=allowlisted&q=nev", {"Never"}),
    ],
)
def test_organizations_are_found_by_route_and_last_use(support, partners, query, shown):
    assert names(support, query) == shown


@pytest.mark.parametrize("query", ["", "owner=", "q=clinic&show=allowlisted", "owner=dana", "tag=pilot"])
def test_owner_and_tag_are_folded_until_they_are_used(support, query):
    text = support.get(f"{ORGANIZATIONS}?{query}").text
    assert ('<details class="more" open>' in text) == (query in ("owner=dana", "tag=pilot"))
    assert text.index('name="used"') < text.index("More filters") < text.index('name="owner"')
