import os
import stat
from io import StringIO

import pytest
from django import db
from django.core.management import CommandError, call_command

from partners.management import handover
from partners.models import ApiKey, ChangeEvent
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.rows import opens

pytestmark = pytest.mark.django_db
ISSUE = ("issue_key", "--label", "Invented system", "--scope", "encounters:read")


def test_a_token_goes_into_a_new_private_file_and_is_not_printed(tmp_path, capfd):
    out = tmp_path / "token"
    printed = run(*ISSUE, "--out", str(out))
    token = out.read_text().removesuffix("\n")
    assert opens(ApiKey.objects.get(), token)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert token not in printed
    assert f"token_file       {out}" in printed
    assert capfd.readouterr() == ("", "")


def test_a_token_in_a_file_is_null_for_machines(tmp_path):
    report = run_json(*ISSUE, "--out", str(tmp_path / "token"))
    assert (report["token"], report["token_file"]) == (None, str(tmp_path / "token"))


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_the_file_is_private_with_any_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        run(*ISSUE, "--out", str(tmp_path / "token"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_an_existing_file_is_kept_and_no_key_is_issued(tmp_path):
    (tmp_path / "token").write_text("another's")
    assert "File exists. Nothing was changed." in refused(*ISSUE, "--out", str(tmp_path / "token"))
    assert (tmp_path / "token").read_text() == "another's"
    assert not ApiKey.objects.exists()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    assert "File exists" in refused(*ISSUE, "--out", str(tmp_path / "token"))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("out", ["", "no/such/folder/token"])
def test_a_file_that_cannot_be_created_is_reported_and_no_key_is_issued(tmp_path, monkeypatch, out):
    monkeypatch.chdir(tmp_path)
    assert "No such file or directory. Nothing was changed." in refused(*ISSUE, "--out", out)
    assert not ApiKey.objects.exists()


def test_a_refused_key_leaves_no_file(tmp_path):
    refused(*ISSUE, "--expires", "2001-01-01", "--out", str(tmp_path / "token"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["os.fsync", "partners.management.handover.write_through"])
def test_a_token_that_cannot_be_written_never_works(tmp_path, monkeypatch, step):
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, full)
    assert "No space left on device. Nothing was changed." in refused(*ISSUE, "--out", str(tmp_path / "token"))
    assert not ApiKey.objects.exists()
    assert not ChangeEvent.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_token_that_cannot_be_printed_never_works():
    class Closed(StringIO):
        def flush(self) -> None:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(CommandError, match="Broken pipe"):
        call_command(*ISSUE, stdout=Closed())
    assert not ApiKey.objects.exists()


def test_a_commit_that_fails_leaves_no_file(tmp_path, monkeypatch):
    class Lost:
        def __enter__(self) -> None: ...
        def __exit__(self, *failure: object) -> None:
            raise db.OperationalError("secret detail")

    monkeypatch.setattr(handover.transaction, "atomic", Lost)
    monkeypatch.setattr(handover.TokenCommand, "report", lambda command, **options: {"token": None})
    assert refused(*ISSUE, "--out", str(tmp_path / "token")) == "The database can't be reached or is busy. Try again."
    assert list(tmp_path.iterdir()) == []
