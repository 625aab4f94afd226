"""The purpose of an organization on the command line: when it is created, and later."""

import pytest

from partners.models import Organization
from partners.models.change import Action
from tests.partners.support.command_line import refused, run_json

pytestmark = pytest.mark.django_db


def test_an_organization_is_created_with_a_purpose():
    assert run_json("create_organization", "Invented Clinic", "--purpose", " Treatment ")["purpose"] == "Treatment"
    assert Organization.objects.get().purpose == "Treatment"


def test_the_purpose_is_blank_by_default():
    assert run_json("create_organization", "Invented Clinic")["purpose"] == ""


def test_a_purpose_is_set_and_removed(organization):
    report = run_json("set_purpose", organization.name, "Treatment", "--reason", "the contract says so")
    assert (report["organization_id"], report["purpose"], report["changed"]) == (
        organization.public_id,
        "Treatment",
        True,
    )
    event = organization.events.first()
    assert (event.action, event.reason) == (Action.PURPOSE_CHANGED, "the contract says so")
    assert not run_json("set_purpose", organization.public_id, "Treatment")["changed"]
    assert run_json("set_purpose", organization.public_id, "")["purpose"] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Nobody", "Treatment"], "No organization has this id or name"),
        (["{name}", "Treat\nment"], "purpose: Use a single line"),
        (["{name}"], "required: PURPOSE"),
    ],
)
def test_an_invalid_purpose_is_refused(organization, arguments, message):
    assert message in refused("set_purpose", *(each.format(name=organization.name) for each in arguments))
    assert Organization.objects.get().purpose == ""
