"""The last seal leaves the database, and a checkpoint that the chain lacks is never replaced."""

import errno
import logging
import os

import pytest

from chartero import logs
from partners.formats import files
from partners.models import Seal
from partners.seals import publishing
from partners.seals.checkpoints import Checkpoint
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.sealed import FIRST, as_owner, request, sealed_record

pytestmark = pytest.mark.django_db
UNAVAILABLE = "The file of CHARTERO_CHECKPOINT_FILE can't be read or written: "
BROKEN = "The chain of seals can't be continued: "


@pytest.fixture
def file(tmp_path, settings):
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoint.json")
    return tmp_path / "checkpoint.json"


@pytest.fixture
def sealed():
    return sealed_record()


def written(file):
    """Return what changes when a file is written or replaced, and not when it is read."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns


def test_the_last_seal_is_written_to_the_file_and_to_the_log(sealed, file, caplog):
    request(sealed.key, 2 * FIRST)
    with caplog.at_level(logging.INFO):
        assert run_json("seal_records")["requests"] == 1
    head = Seal.objects.newest()
    assert Checkpoint.read(file.read_text()) == Checkpoint.of(head)
    (record,) = caplog.records
    told = logs.told(record)
    assert (told["event"], told["seal"]) == ("checkpoint", 7)
    assert told["digest"].replace("-", "") == head.digest().hex()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_run_that_seals_nothing_leaves_a_file_that_has_the_last_seal(sealed, file, caplog):
    publishing.keep()
    before = written(file)
    with caplog.at_level(logging.INFO):
        run_json("seal_records")
    assert written(file) == before
    assert not caplog.records


@pytest.mark.parametrize("number", [None, 5])
def test_a_run_that_seals_nothing_writes_a_file_that_lacks_the_last_seal(sealed, file, number):
    if number:
        file.write_text(Checkpoint.of(Seal.objects.get(number=number)).text())
    run_json("seal_records")
    assert Checkpoint.read(file.read_text()) == sealed.checkpoint


def test_another_user_may_fetch_the_file(sealed, file):
    before = os.umask(0o077)  # deploy/systemd has it
    try:
        publishing.keep()
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o644


def test_without_a_file_only_the_log_is_written(sealed, settings, caplog):
    settings.CHECKPOINT_FILE = ""
    request(sealed.key, 2 * FIRST)
    with caplog.at_level(logging.INFO):
        run_json("seal_records")
    assert len(caplog.records) == 1


def test_without_a_seal_nothing_is_written(db, file, caplog):
    with caplog.at_level(logging.INFO):
        publishing.log()
        publishing.keep()
    assert not file.exists()
    assert not caplog.records


def test_a_file_without_a_folder_is_told_after_everything_is_sealed(sealed, file, settings):
    settings.CHECKPOINT_FILE = str(file.parent / "missing" / file.name)
    request(sealed.key, 2 * FIRST)
    assert refused("seal_records") == f"{UNAVAILABLE}No such file or directory."
    assert Seal.objects.newest().number == 7


def test_a_full_disk_leaves_the_old_file_and_no_draft(sealed, file, monkeypatch):
    file.write_text(old := Checkpoint.of(Seal.objects.get(number=5)).text())

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    assert refused("seal_records") == f"{UNAVAILABLE}No space left on device."
    assert file.read_text() == old
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_draft_of_a_process_that_was_killed_is_written_again(sealed, file):
    file.with_name(f"{file.name}.{os.getpid()}.draft").write_text("half of one")
    publishing.keep()
    assert Checkpoint.read(file.read_text()) == sealed.checkpoint
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_nothing_is_sealed_beside_a_file_that_cannot_be_read(sealed, file):
    file.mkdir()
    request(sealed.key, 2 * FIRST)
    assert refused("seal_records") == f"{UNAVAILABLE}Is a directory."
    assert Seal.objects.newest().number == 6


def test_nothing_is_sealed_on_a_chain_that_was_cut(sealed, file):
    text = sealed.checkpoint.text()
    file.write_text(text)
    as_owner(lambda: Seal.objects.filter(number=6).delete())
    assert refused("seal_records").startswith(f"{BROKEN}the checkpoint in CHARTERO_CHECKPOINT_FILE is not in it.")
    assert (file.read_text(), Seal.objects.count()) == (text, 5)
    assert "not what was sealed" in refused("verify_records")
    file.unlink()
    assert run_json("seal_records")["changes"] == 3


def test_nothing_is_sealed_against_a_checkpoint_of_somebody_else(sealed, file):
    file.write_text(Checkpoint(sealed.checkpoint.fields, bytes(64)).text())
    assert refused("seal_records").startswith(f"{BROKEN}the checkpoint in CHARTERO_CHECKPOINT_FILE is not signed")


@pytest.mark.parametrize("content", [b"{}", b"\xff"])
def test_nothing_is_sealed_beside_a_file_that_is_something_else(sealed, file, content):
    file.write_bytes(content)
    assert refused("seal_records") == "The file of CHARTERO_CHECKPOINT_FILE is not a checkpoint. Move it away."
    assert file.read_bytes() == content


def test_nothing_is_sealed_after_a_seal_that_was_altered(sealed):
    as_owner(lambda: Seal.objects.filter(number=6).update(count=7))
    assert refused("seal_records") == f"{BROKEN}its last seal was altered. Run verify_records."
