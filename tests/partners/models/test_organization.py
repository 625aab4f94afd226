import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from partners.catalogue.routes import Route
from partners.models import ChangeEvent, Organization, RouteGrant
from partners.models.change import Action, Change
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db
NO_AUTHOR = Change(by="", source="tests")
LIST, DETAIL = Route.ENCOUNTERS_LIST, Route.ENCOUNTERS_DETAIL
NAMES = [route.route_name for route in Route.grantable()]


@pytest.fixture
def partner() -> Organization:
    return Organization.create("Invented Clinic", CHANGE)


def access(organization: Organization) -> tuple[bool, list[str]]:
    organization = Organization.objects.get(pk=organization.pk)
    return organization.allowlisted, organization.enabled_routes()


def test_a_new_organization_may_call_nothing(partner):
    assert access(partner) == (False, [])
    assert str(partner) == "Invented Clinic"


def test_creation_is_recorded(partner):
    event = partner.events.get()
    assert (event.action, event.by, event.api_key, event.before, event.after) == (
        Action.ORGANIZATION_CREATED,
        "tester",
        None,
        {},
        {"name": "Invented Clinic"},
    )


def test_a_name_is_kept_without_the_blanks_around_it():
    assert Organization.create("  Invented  Clinic\n", CHANGE).name == "Invented Clinic"


@pytest.mark.parametrize("name", ["", " \t", "x" * 201])
def test_an_organization_needs_a_name_of_some_length(name):
    with pytest.raises(ValidationError) as refusal:
        Organization.create(name, CHANGE)
    assert set(refusal.value.message_dict) == {"name"}


@pytest.mark.parametrize("name", ["Invented Clinic", "INVENTED clinic", " invented clinic "])
def test_a_name_is_taken_in_any_case(partner, name):
    with pytest.raises(ValidationError, match="There is an organization of this name already"):
        Organization.create(name, CHANGE)
    assert Organization.objects.count() == 1


def test_an_organization_that_cannot_be_recorded_is_not_made():
    with pytest.raises(ValidationError):
        Organization.create("Invented Clinic", NO_AUTHOR)
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ({"allowlisted": True}, (True, [])),
        ({"enable": [LIST]}, (False, ["encounters.list"])),
        ({"enable": [DETAIL, LIST]}, (False, ["encounters.list", "encounters.detail"])),
        ({"enable": Route.grantable(), "allowlisted": True}, (True, NAMES)),
    ],
)
def test_access_is_given(partner, asked, allowed):
    assert partner.set_access(CHANGE, **asked)
    assert access(partner) == allowed == (partner.allowlisted, partner.enabled_routes())


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"allowlisted": False}, (False, NAMES)),
        ({"disable": [LIST]}, (True, NAMES[1:])),
        ({"disable": Route.grantable()}, (True, [])),
        ({"disable": iter([LIST]), "enable": iter([DETAIL])}, (True, NAMES[1:])),
    ],
)
def test_access_is_taken_away(organization, asked, left):
    assert organization.set_access(CHANGE, **asked)
    assert access(organization) == left


@pytest.mark.parametrize(
    "asked", [{}, {"allowlisted": True}, {"enable": [LIST]}, {"allowlisted": True, "enable": Route.grantable()}]
)
def test_what_is_so_already_is_no_change(organization, asked):
    before = ChangeEvent.objects.count()
    assert not organization.set_access(CHANGE, **asked)
    assert ChangeEvent.objects.count() == before


def test_a_change_of_access_is_recorded(partner):
    partner.set_access(CHANGE, allowlisted=True, enable=[LIST])
    event = partner.events.first()
    assert event.action == Action.ACCESS_CHANGED
    assert event.before == {"allowlisted": False, "routes": []}
    assert event.after == {"allowlisted": True, "routes": ["encounters.list"]}


def test_a_change_of_access_that_cannot_be_recorded_is_not_made(partner):
    with pytest.raises(ValidationError):
        partner.set_access(NO_AUTHOR, allowlisted=True, enable=Route.grantable())
    assert access(partner) == (False, [])


def test_a_route_cannot_be_enabled_and_disabled_at_once(partner):
    with pytest.raises(ValidationError) as refusal:
        partner.set_access(CHANGE, enable=Route.grantable(), disable=[LIST])
    assert refusal.value.code == "contradiction"
    assert access(partner) == (False, [])


@pytest.mark.parametrize("asked", [{"enable": [Route.KEY_READ]}, {"disable": [LIST, Route.KEY_READ]}])
def test_an_open_route_is_neither_enabled_nor_disabled(partner, asked):
    with pytest.raises(ValidationError, match=r"^\['key.read is open to every valid key.'\]$") as refusal:
        partner.set_access(CHANGE, **asked)
    assert refusal.value.code == "open_route"
    assert access(partner) == (False, [])


def test_one_organization_is_changed_alone(organization, partner):
    partner.set_access(CHANGE, allowlisted=True, enable=[LIST])
    organization.set_access(CHANGE, allowlisted=False, disable=Route.grantable())
    assert access(partner) == (True, ["encounters.list"])


def test_a_stale_copy_records_what_it_replaced(organization):
    stale = Organization.objects.get(pk=organization.pk)
    organization.set_access(CHANGE, allowlisted=False)
    stale.set_access(CHANGE, disable=[LIST])
    assert organization.events.first().before["allowlisted"] is False
    assert access(organization)[0] is False


@pytest.mark.parametrize(
    "break_rule",
    [
        lambda partner: Organization.objects.create(name=""),
        lambda partner: Organization.objects.create(name="INVENTED CLINIC"),
        lambda partner: RouteGrant.objects.create(organization=partner, route="encounters.all"),
        lambda partner: RouteGrant.objects.create(organization=partner, route="encounters.list"),
    ],
    ids=["no name", "name taken", "unknown route", "route twice"],
)
def test_the_database_holds_the_rules_too(partner, break_rule):
    partner.set_access(CHANGE, enable=[LIST])
    with pytest.raises(IntegrityError), transaction.atomic():
        break_rule(partner)


def test_a_grant_is_known_by_its_route(organization):
    assert {str(grant) for grant in organization.route_grants.all()} == {*NAMES}


def test_a_name_taken_meanwhile_is_told_kindly(db, monkeypatch):
    Organization.create("Invented Clinic", CHANGE)
    monkeypatch.setattr(Organization, "full_clean", lambda organization: None)
    with pytest.raises(ValidationError) as refusal:
        Organization.create("invented clinic", CHANGE)
    assert refusal.value.code == "unique"
