"""Recordings in a folder of the test's own."""

import pytest


@pytest.fixture
def recordings_folder(settings, tmp_path):
    """Where the local storage keeps recordings, as a deployment sets it up."""
    folder = tmp_path / "storage"
    local = settings.STORAGES["recordings"]
    settings.STORAGES = settings.STORAGES | {"recordings": local | {"OPTIONS": local["OPTIONS"] | {"location": folder}}}
    return folder
