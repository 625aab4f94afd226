"""Two imports of the same folder at the same time. On SQLite each transaction locks the whole database by itself."""

import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection

from encounters.importing import rows
from encounters.importing.writing import store
from encounters.models import Document, Encounter, Patient, SourceRecord
from tests.encounters.fhir.exports import write
from tests.encounters.fhir.test_run import practice
from tests.factories import OrganizationFactory

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="threads share SQLite's database in memory"),
    pytest.mark.usefixtures("committed"),
]


def test_no_row_is_written_twice_and_neither_import_fails(tmp_path, monkeypatch):
    organization, path = OrganizationFactory(), write(tmp_path / "a", *practice())
    together, write_batch = Barrier(2, timeout=30), store.write

    def at_once(*arguments):
        together.wait()
        return write_batch(*arguments)

    def run(_):
        arguments = ["--organization", organization.public_id, "--record-class", "clinical"]
        try:
            call_command("import_fhir", str(path), *arguments, stdout=io.StringIO())
        finally:
            connection.close()

    monkeypatch.setattr(rows, "BATCH_ROWS", 7)
    monkeypatch.setattr(store, "write", at_once)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert [model.objects.count() for model in (Patient, Encounter, Document, SourceRecord)] == [40, 40, 40, 120]
