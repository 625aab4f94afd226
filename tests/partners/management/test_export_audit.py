"""`export_audit`, run as by an operator: each row once, whenever it is committed and wherever a run ends."""

import json
import stat
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest
from django.db import connection, transaction

from partners.audit import reading
from partners.management import exporting
from partners.management.commands import export_audit
from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action
from tests.factories import CHANGE, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.calls import called
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.sealed import as_owner

pytestmark = pytest.mark.django_db
postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")


@pytest.fixture(autouse=True)
def address(settings, tmp_path) -> None:
    settings.BASE_URL, settings.DATA_DIR = "https://api.example.com", tmp_path


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def written(folder: Path, part: str = "") -> list[dict]:
    files = sorted(file for file in folder.glob(f"{part}*-*") if not file.name.startswith("state"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_each_run_writes_what_was_added_since(key, folder):
    first = called(key, times=3)
    report = run_json("export_audit", str(folder), "--format", "jsonl")
    assert (report["calls"], report["changes"], report["files"]) == (3, ChangeEvent.objects.count(), 2)
    assert report["after"] == f"{first[0].pk}:{ChangeEvent.objects.latest('pk').pk}"
    second = called(key, times=2)
    assert run_json("export_audit", str(folder), "--format", "jsonl")["calls"] == 2
    assert [each["id"] for each in written(folder, "calls")] == [
        record.request_id for record in sorted([*first, *second], key=lambda record: record.pk)
    ]
    assert run_json("export_audit", str(folder), "--format", "jsonl")["files"] == 0
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())


def test_events_are_those_of_fhir(key, folder):
    called(key)
    printed = run("export_audit", str(folder))
    assert printed.splitlines()[0].split() == ["calls", "1"]
    events = written(folder)
    assert {event["resourceType"] for event in events} == {"AuditEvent"}
    assert len({event["id"] for event in events}) == len(events) == 1 + ChangeEvent.objects.count()
    assert names(folder) == ["calls-000000000000.ndjson", "changes-000000000000.ndjson", "state.json"]


def test_a_file_holds_a_number_of_batches(key, folder, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 2)
    monkeypatch.setattr(exporting, "BATCHES", 2)
    pks = sorted(record.pk for record in called(key, times=9))
    run("export_audit", str(folder), "--format", "jsonl", "--after", f"{pks[0] - 1}:0")
    files = [f"calls-{after:012}.jsonl" for after in (pks[0] - 1, pks[3], pks[7])]
    assert [name for name in names(folder) if name.startswith("calls")] == files
    assert len({each["id"] for each in written(folder, "calls")}) == len(written(folder, "calls")) == 9


def test_what_a_run_wrote_without_keeping_its_state_is_written_again(key, folder, monkeypatch):
    called(key, times=2)
    with monkeypatch.context() as patch:
        patch.setattr(exporting.Cursor, "keep", lambda cursor, path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run("export_audit", str(folder), "--format", "jsonl")
    lost = written(folder, "calls")
    called(key)
    run("export_audit", str(folder), "--format", "jsonl")
    assert written(folder, "calls")[:2] == lost
    assert len(written(folder, "calls")) == 3


def test_a_file_that_cannot_be_finished_does_not_appear(key, folder, monkeypatch):
    called(key)
    monkeypatch.setattr(exporting.orjson, "dumps", lambda *given, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("export_audit", str(folder))
    assert names(folder) == []


def test_only_the_beginning_of_an_export_is_recorded(key, folder):
    for _ in range(2):
        run("export_audit", str(folder), "--by", "ada", "--reason", "a new SIEM")
    run("export_audit", str(folder), "--after", "0:0")
    first, again = ChangeEvent.objects.filter(action=Action.EXPORTED).order_by("pk")
    assert (first.by, first.reason, first.source) == ("ada", "a new SIEM", "command line")
    assert first.after == {"list": "audit events", "filters": "format=fhir, after=0:0"}
    assert again.after == first.after


def test_a_state_can_be_elsewhere(key, folder, tmp_path):
    state = tmp_path / "state"
    run("export_audit", str(folder), "--state", str(state))
    assert json.loads(state.read_text())["format"] == "fhir"
    assert "state.json" not in names(folder)


@pytest.mark.parametrize(
    "state",
    [
        "",
        "[]",
        "{}",
        '{"format": "fhir", "calls": "x", "changes": 0}',
        '{"format": 1, "calls": null}',
        '{"format": "fhir", "calls": 1, "changes": 0, "calls_at": "then"}',
        '{"format": "fhir", "calls": 1, "changes": 0, "calls_at": 1}',
    ],
)
def test_a_state_that_cannot_be_read_is_refused(folder, state):
    (folder / "state.json").write_text(state)
    assert refused("export_audit", str(folder)) == f"{folder}/state.json is no state of an export."
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


def test_a_state_of_the_other_format_is_refused(folder):
    run("export_audit", str(folder))
    assert refused("export_audit", str(folder), "--format", "jsonl").endswith("an export with --format fhir.")


def test_a_restored_record_is_refused_though_it_grew_past_the_cursor(key, folder):
    pks = sorted(record.pk for record in called(key, times=3))
    run("export_audit", str(folder), "--format", "jsonl", "--reason", "a new SIEM")
    change, before = ChangeEvent.objects.latest("pk"), names(folder)

    def restore() -> None:
        RequestRecord.objects.filter(pk__gt=pks[0]).delete()
        ChangeEvent.objects.filter(pk=change.pk).delete()

    as_owner(restore)
    for pk in [*pks[1:], pks[2] + 1]:
        RequestRecordFactory(pk=pk, api_key=key)
    said = refused("export_audit", str(folder), "--format", "jsonl")
    assert f"calls no longer has the row {pks[2]} that was exported last" in said
    assert f"changes ends at {ChangeEvent.objects.latest('pk').pk}, before {change.pk}" in said
    assert names(folder) == before
    after = f"{pks[0]}:{change.pk}"
    assert "changes ends at" in refused("export_audit", str(folder), "--format", "jsonl", "--after", after)
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()
    report = run_json("export_audit", str(folder), "--format", "jsonl", "--after", f"{pks[0]}:0")
    assert (report["calls"], run_json("export_audit", str(folder), "--format", "jsonl")["files"]) == (3, 0)


def test_a_state_without_moments_is_continued(key, folder):
    (record,) = called(key)
    (folder / "state.json").write_text(json.dumps({"format": "jsonl", "calls": record.pk, "changes": 0}))
    called(key)
    assert run_json("export_audit", str(folder), "--format", "jsonl")["calls"] == 1
    facts = json.loads((folder / "state.json").read_text())
    newest = RequestRecord.objects.latest("pk")
    assert (facts["calls"], facts["calls_at"]) == (newest.pk, newest.occurred_at.isoformat())


@pytest.mark.parametrize("after", ["", "1", "1:", "-1:2", "1:2:3", "٣:1", "9999999999999999999:1"])
def test_a_cursor_is_two_numbers(folder, after):
    assert "enter two numbers as 120:45" in refused("export_audit", str(folder), f"--after={after}")


def test_a_folder_that_is_none_is_refused(tmp_path):
    assert refused("export_audit", str(tmp_path / "none")) == f"{tmp_path}/none is no folder."
    assert not ChangeEvent.objects.exists()


def test_a_deployment_without_an_address_writes_no_events(folder, settings):
    settings.BASE_URL = ""
    assert "CHARTERO_BASE_URL" in refused("export_audit", str(folder))
    assert run_json("export_audit", str(folder), "--format", "jsonl")["changes"] == 1


def test_one_run_at_a_time(folder, monkeypatch):
    jobs = []

    def taken(job):
        jobs.append(job)
        return nullcontext(False)

    monkeypatch.setattr(export_audit, "only_run", taken)
    assert refused("export_audit", str(folder)) == "Another run of this export is going on."
    refused("export_audit", str(folder), "--state", str(folder / "other"))
    assert len(set(jobs)) == 2


@pytest.mark.postgresql
@postgresql
@pytest.mark.usefixtures("committed")
def test_a_row_that_is_committed_late_is_not_missed(race, folder, monkeypatch):
    monkeypatch.setattr(reading, "PATIENCE", 0.0)
    key = issue(OrganizationFactory())[0]
    run("export_audit", str(folder))
    taken, looked = Event(), Event()

    def late():
        with transaction.atomic():
            ChangeEvent.record(Action.COMMENTED, CHANGE)
            called(key)
            taken.set()
            assert looked.wait(30)

    def early():
        assert taken.wait(30)
        called(key)
        ChangeEvent.record(Action.COMMENTED, CHANGE)
        found = refused("export_audit", str(folder))
        looked.set()
        return found

    assert "Run the export again" in race(late, early)[1]
    monkeypatch.undo()
    run("export_audit", str(folder))
    assert len({event["id"] for event in written(folder)}) == 2 + ChangeEvent.objects.count()
