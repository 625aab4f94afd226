"""Receivers for the tests of delivery, and an organization with an endpoint."""

import pytest

from tests.partners.support import receiver
from tests.partners.support.receiver import Receiver
from tests.partners.support.webhooks import added


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def receiving(certificates, settings):
    with Receiver(certificates) as receiving:
        receiver.allow(settings, certificates, receiving.port)
        yield receiving


@pytest.fixture
def endpoint(organization, receiving):
    return added(organization, receiving.url)
