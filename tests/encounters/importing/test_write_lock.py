"""On SQLite, partners' calls can write while an import runs: what it holds the lock of writers for, and how long."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from encounters.importing.rows import BATCH_ROWS
from encounters.importing.writing import store
from encounters.models import Encounter, SourceRecord
from partners.management import exclusive
from partners.models import Organization
from tests.encounters.fhir import exports
from tests.encounters.transcripts import visits
from tests.factories import CHANGE

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows"),
]
WRITE = "UPDATE partners_apikeyswitch SET enabled = enabled"
SIZE = 700


@pytest.fixture
def organization(database) -> Organization:
    return Organization.create("Invented Practice", CHANGE)


@pytest.fixture
def bulk(tmp_path):
    """A Bulk Data folder with an encounter and a document for each patient."""
    of_each = [
        (
            exports.patient(f"p{n}"),
            exports.encounter(f"e{n}", patient=f"Patient/p{n}"),
            exports.document(
                f"d{n}",
                encounter=f"Encounter/e{n}",
                relatesTo=[{"code": "replaces", "target": {"reference": f"DocumentReference/d{n - 1}"}}],
            ),
        )
        for n in range(SIZE)
    ]
    return exports.write(tmp_path / "bulk", *(each for some in of_each for each in some))


@pytest.fixture
def lines(tmp_path):
    """A file with as many encounters, with a note and a transcript each."""
    some = (
        visits.visit(
            visits.note(f"n{n}"), visits.transcript(f"t{n}"), patient=f"p{n}", encounter=visits.encounter(f"e{n}")
        )
        for n in range(SIZE)
    )
    return visits.write(tmp_path / "visits.ndjson", *some)


@pytest.fixture(params=["import_fhir", "import_transcripts"])
def run_import(request, organization):
    """Import the files of a format, and return the JSON report."""
    path = request.getfixturevalue("bulk" if request.param == "import_fhir" else "lines")

    def run(*options):
        out = StringIO()
        arguments = ["--organization", organization.public_id, "--record-class", "clinical", "--json"]
        call_command(request.param, str(path), *arguments, *options, stdout=out)
        return json.loads(out.getvalue())

    return run


class Transactions:
    """The statements of each transaction with which this process held the lock, and how many rows it changed."""

    def __init__(self) -> None:
        self.statements, self.changes, self._begun = [], [], None
        connection.ensure_connection()
        connection.connection.set_trace_callback(self.note)

    def note(self, sql: str) -> None:
        if sql == "BEGIN IMMEDIATE":
            self.statements.append([])
            self._begun = connection.connection.total_changes
        elif sql == "COMMIT" and self._begun is not None:
            self.changes.append(connection.connection.total_changes - self._begun)
            self._begun = None
        elif self._begun is not None:
            self.statements[-1].append(sql)


def kept() -> list[int]:
    return [Encounter.objects.count(), SourceRecord.objects.count()]


def test_a_dry_run_needs_no_lock_and_reports_what_the_import_will_do(database, run_import):
    database.execute("BEGIN IMMEDIATE")
    database.execute(WRITE)
    dry = run_import("--dry-run")
    database.execute("COMMIT")
    assert kept() == [0, 0]
    assert dry | {"dry_run": False} == run_import()


def test_a_dry_run_knows_what_is_already_there(database, run_import):
    run_import()
    before = kept()
    database.execute("BEGIN IMMEDIATE")
    dry = run_import("--dry-run")
    database.execute("COMMIT")
    assert kept() == before
    assert dry | {"dry_run": False} == run_import()


def test_a_dry_run_leaves_nothing_behind(run_import):
    run_import("--dry-run")
    assert connection.transaction_mode == "IMMEDIATE"
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT name FROM temp.sqlite_master").fetchall() == []


def test_nor_does_one_that_fails(run_import, monkeypatch):
    monkeypatch.setattr(store, "write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_import("--dry-run")
    test_a_dry_run_leaves_nothing_behind(lambda _: None)
    assert kept() == [0, 0]


def test_a_dry_run_holds_no_snapshot_that_would_let_the_log_of_writes_grow(database, run_import, monkeypatch):
    write, busy = store.write, []

    def look(*arguments):
        database.execute(WRITE)
        busy.append(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        return write(*arguments)

    monkeypatch.setattr(store, "write", look)
    run_import("--dry-run")
    assert set(busy) == {0}


def test_each_transaction_of_an_import_is_of_bounded_size(run_import):
    transactions = Transactions()
    run_import()
    assert len(transactions.changes) > 5
    assert max(transactions.changes) <= 6 * BATCH_ROWS  # a row, its source record, and its counts


def test_a_run_without_changes_takes_no_lock(run_import):
    run_import()
    transactions = Transactions()
    run_import()
    assert not any(transactions.changes)
    assert [sql for some in transactions.statements for sql in some if not sql.startswith("SELECT")] == []


@pytest.mark.parametrize("run_import", ["import_fhir"], indirect=True)
def test_rows_are_read_before_the_transaction_that_writes_them(run_import):
    transactions = Transactions()
    run_import()
    read = [sql for some in transactions.statements for sql in some if sql.startswith("SELECT")]
    assert read
    # The last key, and what is restricted, which must not change until the rows are there.
    within = ("SELECT max(", 'SELECT "encounters_restriction".')
    assert all(sql.startswith(within) for sql in read)


@pytest.mark.parametrize("run_import", ["import_fhir"], indirect=True)
def test_what_is_decided_is_kept_from_other_imports_but_calls_can_write(
    database, organization, run_import, monkeypatch
):
    take, alone = store._Batch.take, []

    def look(batch, row):
        database.execute(WRITE)
        with exclusive.only_run(f"import_{organization.public_id}") as held:
            alone.append(held)
        return take(batch, row)

    monkeypatch.setattr(store._Batch, "take", look)
    run_import()
    assert set(alone) == {False}
