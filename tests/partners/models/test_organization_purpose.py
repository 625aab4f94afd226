"""For what an organization gets patients' data: checked, kept, and every change of it recorded."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import Organization
from partners.models.change import Action, Change
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db


def purpose(organization) -> str:
    return Organization.objects.values_list("purpose", flat=True).get(pk=organization.pk)


def test_an_organization_is_created_with_its_purpose():
    partner = Organization.create("Invented", CHANGE, purpose=" Treatment ")
    assert purpose(partner) == "Treatment"
    assert partner.events.get().after == {"name": "Invented", "purpose": "Treatment"}


def test_without_a_purpose_none_is_recorded():
    assert Organization.create("Invented", CHANGE, purpose=" ").events.get().after == {"name": "Invented"}


def test_a_purpose_is_changed_and_recorded(organization):
    assert organization.set_purpose(CHANGE, " Treatment ")
    assert organization.set_purpose(CHANGE, "Payment")
    event = organization.events.first()
    assert purpose(organization) == "Payment"
    assert (event.action, event.before, event.after) == (
        Action.PURPOSE_CHANGED,
        {"purpose": "Treatment"},
        {"purpose": "Payment"},
    )


def test_the_same_purpose_is_no_change(organization):
    organization.set_purpose(CHANGE, "Treatment")
    number = organization.events.count()
    assert not organization.set_purpose(CHANGE, "Treatment ")
    assert organization.events.count() == number


@pytest.mark.parametrize("text", ["x" * 201, "Treat\nment", "Treatment\u202e"])
def test_a_bad_purpose_is_refused(organization, text):
    number = organization.events.count()
    with pytest.raises(ValidationError) as refusal:
        organization.set_purpose(CHANGE, text)
    assert "purpose" in refusal.value.message_dict
    assert (purpose(organization), organization.events.count()) == ("", number)


def test_a_purpose_whose_record_cannot_be_written_is_not_kept(organization):
    with pytest.raises(ValidationError):
        organization.set_purpose(Change(by="", source="tests"), "Treatment")
    assert purpose(organization) == ""


def test_a_stale_copy_records_what_really_was_before(organization):
    stale = Organization.objects.get(pk=organization.pk)
    organization.set_purpose(CHANGE, "Treatment")
    stale.set_purpose(CHANGE, "Payment")
    assert organization.events.first().before == {"purpose": "Treatment"}
