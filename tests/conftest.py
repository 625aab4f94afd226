"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest
from django.db import connection

from partners import triggers
from tests.api import Api
from tests.factories import OrganizationFactory, issue

SAMPLES = Path(os.environ.get("CHARTERO_FHIR_SAMPLES", Path(__file__).parents[2] / "shared" / "fhir"))


@pytest.fixture
def samples() -> Path:
    """The folder of clinical sample data; the product ships none of it."""
    if not SAMPLES.is_dir():
        pytest.skip("no clinical sample data: set CHARTERO_FHIR_SAMPLES")
    return SAMPLES


@pytest.fixture
def committed(transactional_db):
    """A database whose commits are real; at the end it is emptied, which the triggers would refuse."""
    yield
    triggers.remove(connection)


@pytest.fixture
def organization(db):
    return OrganizationFactory()


@pytest.fixture
def token(organization) -> str:
    return issue(organization)[1]


@pytest.fixture
def api(token) -> Api:
    """The API as a partner calls it to whom everything is open."""
    return Api(token)
