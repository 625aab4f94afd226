"""What all audit events share."""

import pytest
from django.core.exceptions import ValidationError

from partners.audit.fhir import parts


def test_a_deployment_without_an_address_has_no_name(settings):
    parts.require_name()
    settings.BASE_URL = ""
    with pytest.raises(ValidationError, match="CHARTERO_BASE_URL"):
        parts.require_name()


@pytest.mark.parametrize("address", ["198.51.100.9", "2001:db8::1"])
def test_an_address_is_a_network(address):
    assert parts.network(address) == {"network": {"address": address, "type": "2"}}


def test_what_is_no_address_is_none():
    assert parts.network("command line") == {}


def test_an_id_is_a_logical_reference():
    assert parts.reference("pat_0", "Patient") == {
        "type": "Patient",
        "identifier": {"system": "https://api.example.com/external/v1", "value": "pat_0"},
    }
