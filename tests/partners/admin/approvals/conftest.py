"""A deployment with four eyes and e-mail, one more person of onboarding, and what the first of them asked for."""

import pytest
from django.test import Client

from partners.models import ApiKey, Approval
from tests.factories import CHANGE, issue
from tests.partners.support.approving import key_asked_for, scope_asked_for
from tests.partners.support.handing_over import CONTACT
from tests.partners.support.staff import signed_in_as


@pytest.fixture(autouse=True)
def key(organization, settings, postbox) -> ApiKey:
    """Return a key with no scope, made before four eyes are required."""
    organization.set_contact(CHANGE, name="", email=CONTACT)
    key, _ = issue(organization, scopes=[])
    settings.FOUR_EYES = True
    return key


@pytest.fixture
def asker(key) -> Client:
    return signed_in_as("ada", "Partner onboarding")


@pytest.fixture
def approver(key) -> Client:
    return signed_in_as("ben", "Partner onboarding")


@pytest.fixture
def asked(asker, key) -> Approval:
    return scope_asked_for(asker.user, key)


@pytest.fixture
def key_asked(asker, organization) -> Approval:
    return key_asked_for(asker.user, organization)
