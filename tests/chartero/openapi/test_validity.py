"""The published document is valid by the specification, as a validator that knows nothing of chartero reads it."""

import pytest

from chartero import openapi

openapi_spec_validator = pytest.importorskip("openapi_spec_validator", reason="needs .ci/requirements.txt")
pytestmark = pytest.mark.tools


def faults(document):
    return [fault.message for fault in openapi_spec_validator.OpenAPIV31SpecValidator(document).iter_errors()]


def test_the_document_is_openapi_3_1():
    assert faults(openapi.document()) == []


def test_the_validator_finds_what_is_wrong():
    document = openapi.document() | {"paths": {"/x/{id}": {"get": {"responses": {"200": {}}}}}}
    assert faults(document)
