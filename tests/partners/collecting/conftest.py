"""A partner with a contact, the link that was sent, and a browser that nobody is signed in with."""

import pytest
from django.test import Client

from partners.collecting import page
from partners.collecting.guesses import Guesses
from tests.partners.support.with_contact import handover, partner

__all__ = ["handover", "partner"]
FORM = "/collect/"


@pytest.fixture(autouse=True)
def nothing_guessed(monkeypatch):
    monkeypatch.setattr(page, "GUESSES", Guesses())


@pytest.fixture
def post(client: Client):
    """`post(token, step)` uses a link."""
    return lambda token, step="check", **given: client.post(FORM, {"link": token, "step": step} | given)
