"""The last seal leaves the database, and a checkpoint that the chain lacks is never replaced."""

import logging

import pytest

from chartero import logs
from partners.models import Seal
from partners.seals.checkpoints import Checkpoint
from partners.seals.publishing import publish
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.sealed import FIRST, as_owner, request, sealed_record

pytestmark = pytest.mark.django_db
BROKEN = "The chain of seals can't be continued: "


@pytest.fixture
def file(tmp_path, settings):
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoint.json")
    return tmp_path / "checkpoint.json"


@pytest.fixture
def sealed():
    return sealed_record()


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


def test_a_run_that_seals_nothing_writes_nothing(sealed, file, caplog):
    with caplog.at_level(logging.INFO):
        run_json("seal_records")
    assert not file.exists()
    assert not caplog.records


def test_without_a_file_only_the_log_is_written(sealed, settings, caplog):
    settings.CHECKPOINT_FILE = ""
    with caplog.at_level(logging.INFO):
        publish()
    assert len(caplog.records) == 1


def test_without_a_seal_nothing_is_written(db, file, caplog):
    with caplog.at_level(logging.INFO):
        publish()
    assert not file.exists()
    assert not caplog.records


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
