"""The banner of a key's page."""

import pytest

from partners.admin.keys.filters import SOON
from partners.models import ApiKey
from tests.moments import AROUND, NONE
from tests.partners.support import aged
from tests.partners.support.counting import NOW


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_key_that_ends_with_the_span_ends_within_it(organization, security, tick):
    key, _ = aged.key(organization, expires_at=NOW + SOON + tick)
    assert ApiKey.objects.ending_within(SOON).exists() == (tick <= NONE)
    page = security.get(f"/admin/partners/apikey/{key.pk}/change/")
    assert (page.context["banner"].level == "warning") == (tick <= NONE)
