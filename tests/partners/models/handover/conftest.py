"""An organization with a contact, and a hand-over to it."""

import pytest

from partners.models import KeyHandover, Organization
from tests.factories import CHANGE
from tests.partners.support.handing_over import CONTACT, prepared


@pytest.fixture
def partner(organization) -> Organization:
    organization.set_contact(CHANGE, name="", email=CONTACT)
    return organization


@pytest.fixture
def handover(partner) -> KeyHandover:
    return prepared(partner)
