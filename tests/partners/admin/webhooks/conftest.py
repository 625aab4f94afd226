"""An endpoint with deliveries, and people of the staff."""

import pytest

from partners.models import WebhookEndpoint
from tests.partners.support.staff import signed_in
from tests.partners.support.webhooks import added


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    return added(organization)


@pytest.fixture
def support():
    return signed_in("Support")


@pytest.fixture
def onboarding():
    return signed_in("Partner onboarding")


@pytest.fixture
def page(endpoint):
    """Return the path of a page of the endpoint."""
    return lambda name="": f"/admin/webhooks/{endpoint.pk}/{name}"
