"""`seal_records`, `verify_records` and `seal_keys` as an operator runs them."""

from io import StringIO

import pytest
from django import db
from django.core.management import CommandError, call_command

from partners.models import RequestRecord, Verification
from partners.models.seal import Seal
from partners.seals import verifying
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import called
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.sealed import FIRST, as_owner, sealed_record

pytestmark = pytest.mark.django_db


def test_seal_records_reports_how_many_rows_it_sealed():
    called(issue(OrganizationFactory())[0], times=3)
    assert run_json("seal_records") == {"requests": 3, "changes": 2, "counts": 0}
    assert run_json("seal_records") == {"requests": 0, "changes": 0, "counts": 0}


def test_seal_records_without_a_key_says_what_to_set(settings):
    settings.SEAL_KEYS, settings.SEAL_KEYS_FILE = "", ""
    assert refused("seal_records") == "No seal key is loaded; set CHARTERO_SEAL_KEYS or CHARTERO_SEAL_KEYS_FILE."
    settings.SEAL_KEYS = "1:AAAA"
    assert refused("seal_records") == "CHARTERO_SEAL_KEYS: number 1 has under 32 bytes."


def test_verify_records_reports_numbers_and_notes_the_result():
    sealed_record()
    report = run_json("verify_records")
    assert (report["faults"], report["seals"], report["rows"], report["not_sealed_yet"]) == ([], 6, 20, 0)
    noted = Verification.objects.get()
    assert (noted.first_seal, noted.last_seal, noted.rows, str(noted)) == (1, 6, 20, "0 faults")
    assert noted.first_fault == ""


def test_verify_records_names_the_first_row_and_fails():
    sealed_record()
    as_owner(lambda: RequestRecord.objects.filter(pk__lte=FIRST + 10).update(status=500))
    assert refused("verify_records") == "The record is not what was sealed. docs/seals.md says what to do."
    noted = Verification.objects.get()
    assert (noted.faults, noted.first_fault) == (2, f"requests: row {FIRST} was altered")


def test_verify_records_lists_a_line_for_each_kind_of_fault(capsys):
    sealed_record()
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).delete())
    with pytest.raises(CommandError):
        call_command("verify_records")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["table", "fault", "number", "first"]
    assert lines[1] == f"requests  removed  1       requests: row {FIRST} was removed"
    assert lines[3].split() == ["seals", "6"]


def test_verify_records_names_the_faults_before_it_notes_them(capsys, monkeypatch):
    def fail(noted, **how):
        raise db.OperationalError

    sealed_record()
    monkeypatch.setattr(Verification, "save", fail)
    not_noted = "The result was not noted for Home: The database can't be reached or is busy. Try again."
    assert refused("verify_records") == not_noted
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).delete())
    capsys.readouterr()
    with pytest.raises(CommandError) as told:
        call_command("verify_records")
    assert str(told.value) == f"The record is not what was sealed. docs/seals.md says what to do. {not_noted}"
    assert f"row {FIRST} was removed" in capsys.readouterr().out


def test_verify_records_notes_the_start_of_a_long_fault(monkeypatch):
    monkeypatch.setattr(verifying.comparing, "faults", lambda connection: ["x" * 300])
    sealed_record()
    refused("verify_records")
    assert len(Verification.objects.get().first_fault) == 200


def test_verify_records_begins_with_any_seal():
    sealed_record()
    assert run_json("verify_records", "--from-seal", "5")["seals"] == 2
    assert run_json("verify_records", "--from-seal", "7")["seals"] == 0
    assert refused("verify_records", "--from-seal", "0") == "--from-seal must be 1 or more."


def test_verify_records_does_not_begin_beyond_a_chain_that_was_cut_off():
    sealed_record()
    as_owner(lambda: Seal.objects.filter(number__gte=5).delete())
    assert refused("verify_records", "--from-seal", "6") == "There is no seal 6; the last is 4."


def test_verify_records_compares_the_chain_with_a_checkpoint(tmp_path):
    file = tmp_path / "checkpoint.json"
    file.write_text(sealed_record().checkpoint.text())
    assert run_json("verify_records", "--checkpoint", str(file))["faults"] == []
    as_owner(lambda: Seal.objects.filter(number=6).delete())
    assert run_json("verify_records")["seals"] == 5
    assert "not what was sealed" in refused("verify_records", "--checkpoint", str(file))


def test_verify_records_refuses_a_file_that_is_no_checkpoint(tmp_path):
    file = tmp_path / "checkpoint.json"
    missing = f"{file} can't be read: No such file or directory."
    assert refused("verify_records", "--checkpoint", str(file)) == missing
    for text in (b"{}", b"\xff"):
        file.write_bytes(text)
        assert refused("verify_records", "--checkpoint", str(file)) == f"{file} is not a checkpoint."


def test_verify_records_reads_a_checkpoint_from_standard_input(monkeypatch):
    checkpoint = sealed_record().checkpoint
    monkeypatch.setattr("sys.stdin", StringIO(checkpoint.text()))
    assert run_json("verify_records", "--checkpoint", "-")["faults"] == []
    as_owner(lambda: Seal.objects.filter(number=6).delete())
    monkeypatch.setattr("sys.stdin", StringIO(checkpoint.text()))
    assert "not what was sealed" in refused("verify_records", "--checkpoint", "-")


def test_verify_records_can_leave_out_the_file_of_this_machine(tmp_path, settings):
    sealed_record()
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoint.json")
    assert "can't be read" in refused("verify_records")
    assert run_json("verify_records", "--checkpoint", "")["faults"] == []


def test_a_run_without_the_file_of_this_machine_takes_back_nothing_that_one_with_it_found(tmp_path, settings):
    checkpoint = sealed_record().checkpoint
    file = tmp_path / "checkpoint.json"
    file.write_text(checkpoint.text())
    settings.CHECKPOINT_FILE = str(file)
    as_owner(lambda: Seal.objects.filter(number=6).delete())
    assert "not what was sealed" in refused("verify_records")
    assert run_json("verify_records", "--checkpoint", "")["faults"] == []
    assert [noted.is_open for noted in Verification.objects.all()] == [True]
    as_owner(lambda: RequestRecord.objects.filter(pk=FIRST).delete())
    assert "not what was sealed" in refused("verify_records", "--checkpoint", "")
    assert Verification.objects.count() == 2


@pytest.mark.parametrize(
    "command",
    [
        ("verify_records", "--checkpoint", "-"),
        ("check_access", "--token-stdin", "--request", "GET /external/v1/key"),
        ("report_leak", "-", "--reason", "a scan"),
    ],
)
def test_a_command_without_standard_input_says_so(monkeypatch, command):
    monkeypatch.setattr("sys.stdin", None)
    assert refused(*command) == "Standard input is closed. Pipe the text in."


def test_seal_keys_lists_what_signs_verifies_and_is_missing(settings):
    sealed_record()
    own = settings.SEAL_KEYS.partition(":")[2]
    settings.SEAL_KEYS = f"2:{own},3:{'B' * 42}A="
    keys = run_json("seal_keys")["seal_keys"]
    assert [(key["number"], key["state"], key["seals"]) for key in keys] == [
        (1, "missing", 6),
        (2, "verifies", 0),
        (3, "signs", 0),
    ]
    assert run("seal_keys").splitlines()[0].split() == ["NUMBER", "STATE", "SEALS", "PUBLIC", "KEY"]
    settings.SEAL_KEYS = ""
    assert run("seal_keys").splitlines()[1].split()[:2] == ["1", "missing"]


def test_seal_keys_without_any_key(settings):
    settings.SEAL_KEYS = settings.SEAL_KEYS_FILE = ""
    assert run("seal_keys").strip() == "No seal keys."


def test_seal_keys_writes_a_new_key_with_the_next_number(tmp_path, settings):
    file = tmp_path / "seal_keys"
    assert run("seal_keys", "--new", str(file)).splitlines()[-1] == "Key 2 was written."
    assert file.stat().st_mode & 0o777 == 0o600
    settings.SEAL_KEYS, settings.SEAL_KEYS_FILE = "", str(file)
    assert [key["number"] for key in run_json("seal_keys")["seal_keys"]] == [2]
    assert "already exists" in refused("seal_keys", "--new", str(file))
