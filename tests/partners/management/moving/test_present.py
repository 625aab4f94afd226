"""What there is of the partners of a file, and what the file says otherwise."""

from datetime import UTC, datetime, timedelta

import pytest

from partners.catalogue.routes import Route, Scope
from partners.formats.moments import rfc3339
from partners.management.moving.gathering import gathered
from partners.management.moving.plan import Plan, plans_for
from partners.management.moving.reading import rows_in
from partners.models import Approval, Organization
from partners.models.approvals.kinds import KEY
from tests.factories import CHANGE, issue
from tests.partners.support.approving import wanted
from tests.partners.support.handing_over import FROM, prepared, sent
from tests.partners.support.spreadsheet import saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
YEAR = datetime(2027, 5, 26, tzinfo=UTC)


@pytest.fixture(autouse=True)
def contact(organization) -> None:
    organization.set_contact(CHANGE, name="", email="it@lakeside.example")


def plan(folder, organization: Organization, cell: str = "", column: str = "Expires") -> Plan:
    """Return the plan for one key of the organization, whose row has this cell too."""
    headings = f"Organization,Label,Scopes,{column}"
    rows, faults = rows_in(saved(folder, f'{organization.name},EHR sync,{" ".join(Scope)},"{cell}"', headings=headings))
    (found,) = plans_for(gathered(rows, faults), faults)
    assert faults == []
    return found


def differences(*given: object) -> list[tuple]:
    found = plan(*given)
    return [(each["column"], each["in_file"], each["here"]) for each in found.present.differences(found.partner)]


@pytest.mark.parametrize(
    ("cell", "life", "here"),
    [
        ("", {"lifetime": timedelta(days=30)}, None),
        ("30d", {"lifetime": timedelta(days=30)}, None),
        ("720h", {"lifetime": timedelta(days=30)}, None),
        ("20d", {"lifetime": timedelta(hours=30)}, ("20d", "30h")),
        ("never", {}, None),
        ("20d", {"lifetime": None}, ("20d", "never")),
        ("2027-05-25", {"expires_at": YEAR, "lifetime": None}, None),
        ("2027-05-24", {"expires_at": YEAR, "lifetime": None}, ("2027-05-25T00:00:00Z", "2027-05-26T00:00:00Z")),
    ],
)
@pytest.mark.parametrize("kind", ["link", "key", "request"])
def test_a_key_that_lives_otherwise_is_listed(tmp_path, organization, cell, life, here, kind):
    life = {"lifetime": None} | life
    if kind == "request":
        ask(organization, **life)
    else:
        link = prepared(organization, **life)
        if kind == "key":
            sent(link)
            link.collect(FROM)
    assert differences(tmp_path, organization, cell) == ([] if here is None else [("Expires", *here)])


def test_a_key_that_ends_is_not_one_that_never_does(tmp_path, organization):
    link = prepared(organization)
    assert differences(tmp_path, organization, "never") == [("Expires", "never", "30d")]
    sent(link)
    key, _ = link.collect(FROM)
    assert differences(tmp_path, organization, "never") == [("Expires", "never", rfc3339(key.expires_at))]


def ask(organization: Organization, **values: object) -> None:
    asked = wanted(organization, **({"label": "EHR sync", "scopes": [*Scope], "by_link": True} | values))
    Approval.ask(KEY, asked.facts, CHANGE, None, organization=organization)


def test_a_link_that_can_be_used_is_before_a_key_that_cannot(tmp_path, organization):
    key, _ = issue(organization, label="EHR sync")
    key.revoke(CHANGE)
    assert state(tmp_path, organization) == "revoked"
    ask(organization)
    assert state(tmp_path, organization) == "approval waiting"
    link = prepared(organization)
    assert [each.pk for each in plan(tmp_path, organization).unsent] == [link.pk]
    issue(organization, label="EHR sync")
    assert state(tmp_path, organization) == "active"


def test_access_that_nobody_was_asked_for_is_listed(tmp_path, organization):
    ask(organization)
    assert [column for column, _, _ in differences(tmp_path, organization, "encounters", "Routes")] == ["Routes"]
    ask(organization, label="Other", enable=[*Route.grantable()])
    assert differences(tmp_path, organization, "encounters", "Routes") == []


def state(*given: object) -> str:
    (entry,) = plan(*given).entries()
    return entry["state"]


def test_a_test_key_is_not_the_key(tmp_path, organization, settings):
    settings.ACCEPT_TEST_KEYS = True
    issue(organization, label="EHR sync", is_test=True)
    prepared(organization, is_test=True)
    assert state(tmp_path, organization) == "new"


def test_line_ends_and_blanks_make_no_difference(tmp_path, organization):
    organization.describe(CHANGE, owner="", note="Calls  on Mondays.\r\nAsk Ada.", tags=[])
    prepared(organization)
    assert differences(tmp_path, organization, "Calls on  Mondays.\nAsk Ada.", "Note") == []
    assert len(differences(tmp_path, organization, "Calls on Mondays. Ask Ada.", "Note")) == 1
