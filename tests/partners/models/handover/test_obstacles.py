"""What changed between the link and its use: what forbids the key, and what doesn't."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from partners.catalogue.routes import Route
from partners.models import ApiKey, KeyHandover, RouteGrant
from tests.factories import CHANGE, issue
from tests.partners.support.handing_over import CONTACT, FROM, prepared, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender() -> User:
    user = User.objects.create_user("ada", is_staff=True)
    user.groups.add(Group.objects.get(name="Partner onboarding"))
    return user


def refusal_of(handover: KeyHandover) -> str:
    """Return why the key can't be collected, as the page of the link says it too."""
    found = KeyHandover.objects.get(pk=handover.pk)
    with pytest.raises(ValidationError) as refusal:
        found.collect(FROM)
    assert found.obstacle().code == refusal.value.code
    return refusal.value.code


def test_an_organization_off_the_allowlist_gets_no_key_until_it_is_on_it_again(handover, partner):
    sent(handover)
    partner.set_access(CHANGE, allowlisted=False)
    assert refusal_of(handover) == "not_allowlisted"
    partner.set_access(CHANGE, allowlisted=True)
    assert KeyHandover.objects.get().collect(FROM)


def test_a_disabled_route_does_not_matter(handover, partner):
    sent(handover)
    partner.set_access(CHANGE, disable=Route.grantable())
    assert not RouteGrant.objects.exists()
    assert handover.obstacle() is None
    assert handover.collect(FROM)


def test_the_link_of_a_person_who_left_gives_no_key(handover, sender):
    sent(handover, sender)
    User.objects.update(is_active=False)
    assert refusal_of(handover) == "sender_not_trusted"
    sent(handover)
    assert handover.collect(FROM)


def test_the_link_of_a_person_who_lost_the_role_gives_no_key(handover, sender, partner):
    sent(handover, sender)
    assert handover.obstacle() is None
    sender.groups.clear()
    assert refusal_of(handover) == "sender_not_trusted"


def test_the_link_of_a_person_with_the_role_gives_one(handover, sender):
    sent(handover, sender)
    assert KeyHandover.objects.get().collect(FROM)


def test_the_link_of_a_contact_who_was_replaced_gives_no_key(handover, partner):
    sent(handover)
    for email in ("other@lakeside.example", ""):
        partner.set_contact(CHANGE, name="", email=email)
        assert refusal_of(handover) == "contact_changed"
    partner.set_contact(CHANGE, name="Grace", email=CONTACT)
    assert KeyHandover.objects.get().collect(FROM)


@pytest.mark.parametrize("end", ["revoke", "disable", "rotate"])
def test_a_key_that_can_no_longer_be_rotated_has_no_successor(partner, end):
    key, _ = issue(partner)
    handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(0))
    sent(handover)
    getattr(key, end)(CHANGE)
    number = ApiKey.objects.count()
    assert refusal_of(handover) == {"revoke": "revoked", "disable": "disabled", "rotate": "rotated"}[end]
    assert ApiKey.objects.count() == number


def test_a_scope_that_is_gone_gives_no_key(partner):
    handover = prepared(partner)
    sent(handover)
    KeyHandover.objects.update(scopes=["encounters:read", "faxes:read"])
    assert refusal_of(handover) == "scope_gone"


def test_nothing_forbids_what_is_over(handover, partner):
    sent(handover)
    handover.collect(FROM)
    partner.set_access(CHANGE, allowlisted=False)
    handover.refresh_from_db()
    assert handover.obstacle() is None
