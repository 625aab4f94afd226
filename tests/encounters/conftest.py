"""A folder of recordings for each test."""

import pytest


@pytest.fixture
def recordings_folder(settings, tmp_path):
    """Return the folder in which the local storage keeps recordings, set up as in a deployment."""
    folder = tmp_path / "storage"
    local = settings.STORAGES["recordings"]
    settings.STORAGES = settings.STORAGES | {"recordings": local | {"OPTIONS": local["OPTIONS"] | {"location": folder}}}
    return folder
