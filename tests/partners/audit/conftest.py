"""A deployment that has an address, by which its events name it."""

import pytest


@pytest.fixture(autouse=True)
def address(settings) -> None:
    settings.BASE_URL = "https://api.example.com/"
