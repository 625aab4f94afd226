"""A mapping of one resource, on a fixed day."""

from datetime import date

import pytest

from encounters.fhir.mapping import mapped


@pytest.fixture
def map_resource():
    return lambda body: mapped(body["resourceType"], body, date(2026, 6, 1))
