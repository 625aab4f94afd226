import pytest

from partners.catalogue.routes import Route
from partners.models import ApiKeySwitch, ChangeEvent, Organization
from tests.factories import OrganizationFactory
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db
ALL = [route.route_name for route in Route.grantable()]


@pytest.fixture
def partner() -> Organization:
    return Organization.objects.get(public_id=run_json("create_organization", "Invented Clinic")["organization_id"])


def test_an_organization_is_created_and_may_call_nothing(partner):
    report = run_json("set_access", partner.public_id, "--deny")
    assert report == {
        "organization_id": partner.public_id,
        "name": "Invented Clinic",
        "allowlisted": False,
        "routes": [],
        "changed": False,
    }


def test_a_created_organization_is_printed_as_aligned_lines():
    printed = run("create_organization", "Invented Clinic")
    organization = Organization.objects.get()
    assert printed.splitlines() == [
        f"organization_id  {organization.public_id}",
        "name             Invented Clinic",
        "allowlisted      no",
        "routes           –",
        "purpose          –",
    ]


@pytest.mark.parametrize("option", ["--enable", "--disable"])
def test_an_open_route_is_neither_enabled_nor_disabled(partner, option):
    assert "invalid choice: 'key.read'" in refused("set_access", partner.public_id, option, "key.read")


def test_control_characters_in_a_name_do_not_reach_the_terminal():
    organization = OrganizationFactory()
    Organization.objects.filter(pk=organization.pk).update(name="In\x1b[31mvented\nlines \u202eback \u009b1m")
    printed = run("set_access", organization.public_id, "--deny")
    assert r"In\x1b[31mvented\nlines \u202eback \x9b1m" in printed
    assert len(printed.splitlines()) == 5
    assert printed.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("invented CLINIC", "There is an organization of this name already."),
        ("In\x1b[31mvented", "name: Use a single line"),
        (" ", "name: This field cannot be blank."),
        ("x" * 201, "name: Ensure this value has at most 200 characters"),
    ],
)
def test_an_invalid_name_is_refused(partner, name, told):
    assert told in refused("create_organization", name)
    assert Organization.objects.count() == 1


def test_text_that_is_not_utf_8_is_refused():
    assert "not valid UTF-8" in refused("set_access", "Invented \udcff", "--allow")


@pytest.mark.parametrize(
    ("arguments", "allowlisted", "routes"),
    [
        (["--allow"], True, []),
        (["--enable", "encounters.detail"], False, ["encounters.detail"]),
        (["--enable", *reversed(ALL)], False, ALL),
        (["--enable", "encounters.list", "--enable", "encounters.detail"], False, ALL[:2]),
        (["--allow", "--enable", "all"], True, ALL),
        (["--enable", "encounters.list", "--disable", "encounters.detail"], False, ["encounters.list"]),
    ],
)
def test_access_is_granted(partner, arguments, allowlisted, routes):
    report = run_json("set_access", partner.public_id, *arguments)
    assert (report["allowlisted"], report["routes"], report["changed"]) == (allowlisted, routes, True)
    assert Organization.objects.get().enabled_routes() == routes


@pytest.mark.parametrize(
    ("arguments", "allowlisted", "routes"),
    [
        (["--deny"], False, ALL),
        (["--disable", "all"], True, []),
        (["--deny", "--disable", "encounters.list"], False, ALL[1:]),
    ],
)
def test_access_is_removed(organization, arguments, allowlisted, routes):
    report = run_json("set_access", organization.name.upper(), *arguments)
    assert (report["allowlisted"], report["routes"]) == (allowlisted, routes)


def test_access_is_printed_as_aligned_lines(organization):
    assert run("set_access", organization.name, "--allow").splitlines()[2:] == [
        "allowlisted      yes",
        f"routes           {', '.join(ALL)}",
        "changed          no",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Nothing to change."),
        (["--enable", "all", "--disable", "encounters.list"], "can't be both enabled and disabled"),
        (["--enable", "everything"], "invalid choice"),
        (["--enable"], "expected at least one argument"),
        (["--allow", "--deny"], "not allowed with"),
    ],
)
def test_an_invalid_change_of_access_is_refused(organization, arguments, told):
    before = ChangeEvent.objects.count()
    assert told in refused("set_access", organization.public_id, *arguments)
    assert ChangeEvent.objects.count() == before


def test_an_unknown_organization_is_refused():
    assert "No organization has this id or name" in refused("set_access", "Nobody", "--allow")


def test_the_switch_is_turned():
    assert run_json("api_keys", "off", "--reason", "an invented incident") == {"api_keys": "off"}
    assert not ApiKeySwitch.objects.get().enabled
    assert run("api_keys", "on", "--reason", "over") == "api_keys  on\n"
    assert ApiKeySwitch.objects.get().enabled


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["on", "--reason", "x"], "already on"),
        (["off"], "required: --reason"),
        (["off", "--reason", " "], "Give the reason"),
        (["maybe", "--reason", "x"], "invalid choice"),
    ],
)
def test_an_invalid_use_of_the_switch_is_refused(arguments, told):
    assert told in refused("api_keys", *arguments)
    assert ApiKeySwitch.objects.get().enabled


RECORDED = ("--reason", "an invented reason", "--ticket", "T-1", "--by", " Invented Person ")


@pytest.mark.parametrize(
    "arguments",
    [["create_organization", "Invented Hospital"], ["set_access", "Invented Clinic", "--allow"], ["api_keys", "off"]],
)
def test_a_change_is_recorded_with_who_when_and_why(partner, arguments):
    run(*arguments, *RECORDED)
    event = ChangeEvent.objects.first()
    assert (event.by, event.source, event.reason, event.ticket) == (
        "Invented Person",
        "command line",
        "an invented reason",
        "T-1",
    )


def test_a_change_whose_record_is_invalid_is_not_made(partner):
    assert "by: Ensure this value has at most 150" in refused("set_access", partner.name, "--allow", "--by", "x" * 151)
    assert not Organization.objects.get().allowlisted
