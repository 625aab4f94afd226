"""A database file for the tests of SQLite's locks. The database in memory, which other tests use, has no such lock."""

import sqlite3
from contextlib import closing

import pytest
from django.db import connections


@pytest.fixture
def database(committed, tmp_path, settings):
    """Use an empty database file, and return another connection to it, which waits for nobody."""
    settings.DATA_DIR = tmp_path
    path = tmp_path / "chartero.sqlite3"
    usual = connections["default"]
    with closing(sqlite3.connect(path)) as copied:
        usual.connection.backup(copied)
    own = connections["default"] = usual.copy()
    own.settings_dict["NAME"] = str(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        yield other
    own.close()
    connections["default"] = usual
