"""Whom to ask at a partner: checked, kept, and every change of it recorded."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import Organization
from partners.models.change import Action, Change
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db


def contact(organization) -> tuple[str, str]:
    return Organization.objects.values_list("contact_name", "contact_email").get(pk=organization.pk)


def test_an_organization_is_created_with_its_contact():
    partner = Organization.create("Invented", CHANGE, contact_name=" Ada ", contact_email=" ada@partner.example ")
    assert contact(partner) == ("Ada", "ada@partner.example")
    assert partner.events.get().after == {
        "name": "Invented",
        "contact_name": "Ada",
        "contact_email": "ada@partner.example",
    }


def test_a_contact_is_changed_and_recorded(organization):
    assert organization.set_contact(CHANGE, name=" Ada ", email="ada@partner.example")
    assert contact(organization) == ("Ada", "ada@partner.example")
    event = organization.events.first()
    assert event.action == Action.CONTACT_CHANGED
    assert event.before == {"contact_name": "", "contact_email": ""}
    assert event.after == {"contact_name": "Ada", "contact_email": "ada@partner.example"}


def test_the_same_contact_is_no_change(organization):
    organization.set_contact(CHANGE, name="Ada", email="")
    number = organization.events.count()
    assert not organization.set_contact(CHANGE, name="Ada ", email="")
    assert organization.events.count() == number


def test_a_contact_is_taken_away(organization):
    organization.set_contact(CHANGE, name="Ada", email="ada@partner.example")
    assert organization.set_contact(CHANGE, name="", email="")
    assert contact(organization) == ("", "")


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [
        ("x" * 201, "", "contact_name"),
        ("Ada\nAdmin", "", "contact_name"),
        ("Ada\u202e", "", "contact_name"),
        ("", "ada", "contact_email"),
        ("", "ada@partner.example\n.", "contact_email"),
        ("", f"{'x' * 250}@partner.example", "contact_email"),
    ],
)
def test_a_bad_contact_is_refused(organization, name, email, field):
    number = organization.events.count()
    with pytest.raises(ValidationError) as refusal:
        organization.set_contact(CHANGE, name=name, email=email)
    assert set(refusal.value.message_dict) == {field}
    assert contact(organization) == ("", "")
    assert organization.events.count() == number


def test_a_contact_that_cannot_be_recorded_is_not_kept(organization):
    with pytest.raises(ValidationError):
        organization.set_contact(Change(by="", source="tests"), name="Ada", email="")
    assert contact(organization) == ("", "")


def test_a_stale_copy_records_what_it_replaced(organization):
    stale = Organization.objects.get(pk=organization.pk)
    organization.set_contact(CHANGE, name="Ada", email="")
    stale.set_contact(CHANGE, name="Bo", email="")
    assert organization.events.first().before["contact_name"] == "Ada"


def test_a_change_of_the_contact_leaves_the_access_alone(organization):
    stale = Organization.objects.get(pk=organization.pk)
    organization.set_access(CHANGE, allowlisted=False)
    stale.set_contact(CHANGE, name="Ada", email="")
    assert Organization.objects.get(pk=organization.pk).allowlisted is False
