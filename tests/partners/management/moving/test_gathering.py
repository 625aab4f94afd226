"""Rows that belong together, and those that contradict each other or what there is."""

import pytest

from partners.management.moving.gathering import gathered
from partners.management.moving.plan import plans_for
from partners.management.moving.reading import rows_in
from partners.models import Organization
from tests.factories import CHANGE, OrganizationFactory
from tests.partners.support.spreadsheet import HEADINGS, LAKESIDE, saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]


def found(folder, *lines: str, headings: str = HEADINGS) -> list[tuple]:
    rows, faults = rows_in(saved(folder, *lines, headings=headings))
    plans_for(gathered(rows, faults), faults)
    return [(fault.line, fault.column, fault.message.split(".")[0]) for fault in faults]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([",,,,encounters,"], (2, "Organization", "Each row names its organization")),
        (
            [LAKESIDE, "Lakeside Imaging,Cy Example,,,,Archive"],
            (3, "Contact", "Line 2 has another value for this organization"),
        ),
        ([LAKESIDE, "lakeside imaging,,,,,VIEWER"], (3, "Label", "Line 2 has this label too")),
        (
            ["Lakeside,,ben@lakeside.example,,,Viewer"],
            (2, "Scopes", "Say what the key may read: name scopes, or routes that need them"),
        ),
        (
            ["Lakeside,,,,encounters,Viewer"],
            (2, "E-mail", "The key is handed over by link, so the contact needs an e-mail address"),
        ),
    ],
)
def test_a_contradiction_is_named(tmp_path, lines, fault):
    assert fault in found(tmp_path, *lines)


def test_rows_that_fit_together_are_right(tmp_path):
    assert found(tmp_path, LAKESIDE, "lakeside  imaging,,,,,Archive", LAKESIDE.replace("Viewer", "Third")) == []


def test_a_key_without_a_label_is_named(tmp_path):
    ((line, column, message),) = found(tmp_path, "Lakeside,,90d", headings="Organization,Label,Expires")
    assert (line, column) == (2, "Label")
    assert message.startswith("Name the system")


def test_a_new_organization_with_a_key_needs_routes(tmp_path):
    headings = "Organization,E-mail,Label,Scopes"
    ((line, column, _),) = found(tmp_path, "Lakeside,a@b.example,Viewer,encounters:read", headings=headings)
    assert (line, column) == (2, "Routes")


def test_an_organization_that_is_not_allowlisted_gets_no_link(tmp_path, newcomer):
    newcomer.set_contact(CHANGE, name="", email="a@b.example")
    ((_, column, message),) = found(tmp_path, f"{newcomer.name},,,,encounters,Viewer")
    assert (column, message) == (
        "Organization",
        "The organization is not allowlisted here, so nobody could collect its key",
    )


def test_the_contact_that_is_here_is_enough(tmp_path, organization):
    assert found(tmp_path, f"{organization.name},,,,encounters,Viewer") != []
    organization.set_contact(CHANGE, name="", email="a@b.example")
    assert found(tmp_path, f"{organization.public_id},,,,encounters,Viewer") == []


def test_a_contact_in_the_file_alone_is_not_enough(tmp_path, organization):
    faults = found(tmp_path, f"{organization.name},,ben@x.example,,encounters,Viewer")
    assert [(line, column) for line, column, _ in faults] == [(2, "E-mail")]
    assert faults[0][2].startswith("The organization has no contact with an e-mail address here")


def test_one_organization_by_its_id_and_by_its_name_is_a_contradiction(tmp_path, organization):
    organization.set_contact(CHANGE, name="", email="a@b.example")
    lines = [f"{organization.public_id},,,,encounters,Viewer", f"{organization.name},,,,encounters,Viewer"]
    assert found(tmp_path, *lines) == [(3, "Organization", "Line 2 names this organization too, in another way")]


@pytest.mark.parametrize("name", [f"org_{'x' * 22}", f"org_{'x' * 21}", f"ORG_{'x' * 22}"])
def test_an_id_that_is_unknown_is_no_name(tmp_path, name):
    ((_, column, message),) = found(tmp_path, f"{name},,,,,")
    assert (column, message) == ("Organization", "No organization has this id or name")


def test_a_name_that_two_have_is_not_guessed(tmp_path):
    first, second = OrganizationFactory(name="Lakeside"), OrganizationFactory()
    Organization.objects.filter(pk=second.pk).update(name_key=f"{first.name_key} #{second.public_id}")
    ((_, _, message),) = found(tmp_path, "Lakeside,,,,,")
    assert message == "More than one organization has this name"


def test_the_life_that_a_deployment_needs_is_required(tmp_path, settings):
    settings.KEY_LONGEST_LIFETIME_DAYS = 365
    assert found(tmp_path, LAKESIDE) == []
    headings = f"{HEADINGS},Expires"
    assert found(tmp_path, f"{LAKESIDE},never", headings=headings) == [
        (2, "Expires", "Set an expiry, at most 365 days away")
    ]
