"""Fixtures: a partner with a contact, a deployment that sends e-mail, and a link that was prepared."""

import pytest

from partners.models import KeyHandover, Organization
from tests.factories import CHANGE
from tests.partners.support.handing_over import CONTACT, prepared


@pytest.fixture
def partner(organization, postbox) -> Organization:
    organization.set_contact(CHANGE, name="", email=CONTACT)
    return organization


@pytest.fixture
def handover(partner) -> KeyHandover:
    return prepared(partner)
