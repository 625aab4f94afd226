"""A proof is verified by a program that is not ours, which finds whatever was changed in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from partners.keys import seal_keys
from partners.models import ChangeEvent, RequestRecord, Seal
from partners.models import seal as seals
from partners.seals import proof, sealing
from partners.seals.checkpoints import Checkpoint
from tests.factories import OrganizationFactory, issue
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.sealed import FIRST, STEP, as_owner, request, sealed_record

pytestmark = pytest.mark.django_db
PROGRAM = Path(__file__).parents[3] / "examples" / "verify_proof.py"
EXPORT = "--reason=an audit"


@pytest.fixture
def sealed():
    return sealed_record()


@pytest.fixture
def folder(sealed, tmp_path) -> Path:
    assert run_json("export_proof", str(tmp_path / "proof"), EXPORT)["rows"] == 9
    return tmp_path / "proof"


def verified(folder: Path, *options: str, key: str = "") -> tuple[int, str]:
    """Return the exit code of the auditor's program, and what it says."""
    given = key or f"1:{seal_keys.written(seal_keys.public()[1])}"
    command = [sys.executable, "-I", str(PROGRAM), str(folder), "--key", given, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, (ended.stdout or ended.stderr).strip()


def edited(file: Path, line: int, **values: object) -> None:
    """Change fields of one line of JSON."""
    lines = file.read_text().splitlines()
    lines[line] = json.dumps(json.loads(lines[line]) | values)
    file.write_text("".join(f"{each}\n" for each in lines))


def without(file: Path, line: int) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:line] + lines[line + 1 :]))


def test_a_proof_is_verified(folder, sealed, tmp_path):
    checkpoint = tmp_path / "checkpoint.json"
    checkpoint.write_text(sealed.checkpoint.text())
    first, last = (Checkpoint.of(Seal.objects.get(number=number)).facts()["sealed_at"] for number in (1, 5))
    said = (
        "6 seals and 9 rows are as they were sealed; 0 rows of these seals are not here. "
        f"The rows are those of requests from seal 1, made {first}, to seal 5, made {last}."
    )
    assert verified(folder, "--checkpoint", str(checkpoint)) == (0, said)


@pytest.mark.parametrize("size", [1, 4])
def test_the_seals_of_a_proof_are_read_in_pages(sealed, tmp_path, monkeypatch, size):
    monkeypatch.setattr(proof, "PAGE", size)
    assert run_json("export_proof", str(tmp_path / "proof"), EXPORT)["rows"] == 9
    assert "6 seals and 9 rows are as they were sealed" in verified(tmp_path / "proof")[1]


def test_a_proof_of_changes_says_how_many_rows_are_missing(tmp_path):
    key, _ = issue(OrganizationFactory())
    run_json("seal_records")
    as_owner(lambda: key.events.filter(action="key_issued").delete())
    assert run_json("export_proof", str(tmp_path / "proof"), EXPORT, "--table", "changes")["rows"] == 1
    said = (
        "1 seals and 1 rows are as they were sealed; 1 rows of these seals are not here. The rows are those of changes"
    )
    code, text = verified(tmp_path / "proof")
    assert (code, text.startswith(said)) == (0, True)


def alter_row(folder):
    row = json.loads((folder / "rows.jsonl").read_text().splitlines()[4])
    edited(folder / "rows.jsonl", 4, texts=[*row["texts"][:-1], "7"])


def hide_rows(number):
    """Return an act that takes the rows of one seal out of both files."""

    def hide(folder):
        edited(folder / "seals.jsonl", number - 1, rows=None)
        rows = (folder / "rows.jsonl").read_text().splitlines(keepends=True)
        (folder / "rows.jsonl").write_text("".join(row for row in rows if json.loads(row)["seal"] != number))

    return hide


FORGED = [
    (alter_row, f"seal 3: row {FIRST + 4 * STEP} is not what was sealed"),
    (lambda folder: edited(folder / "rows.jsonl", 0, texts=["1"]), "seal 1: row 1 is not what was sealed"),
    (lambda folder: edited(folder / "rows.jsonl", 8, seal=9), "rows of seal 9 have no seal"),
    (lambda folder: edited(folder / "seals.jsonl", 0, count="4"), "seal 1: its signature is wrong"),
    (lambda folder: edited(folder / "seals.jsonl", 0, rows=[]), "seal 1: its rows are not those that it signs"),
    (
        lambda folder: edited(folder / "seals.jsonl", 0, key_number="2"),
        "seal 1: it is signed with key 2, which was not given",
    ),
    (hide_rows(1), "seal 3: its rows do not follow those of the first seal: some were left out"),
    (hide_rows(3), "seal 5: its rows do not follow those of the first seal: some were left out"),
    (
        lambda folder: without(folder / "seals.jsonl", 0),
        "seal 3: its rows do not follow those of the first seal: some were left out",
    ),
    (lambda folder: without(folder / "seals.jsonl", 1), "seal 3: it does not continue the chain"),
]


@pytest.mark.parametrize(("forge", "said"), FORGED)
def test_what_was_changed_in_a_proof_is_found(folder, forge, said):
    forge(folder)
    assert verified(folder) == (1, said)


def test_seals_that_were_left_out_at_the_end_are_found_with_a_checkpoint(folder, sealed, tmp_path):
    checkpoint = tmp_path / "checkpoint.json"
    checkpoint.write_text(sealed.checkpoint.text())
    without(folder / "seals.jsonl", 5)
    assert verified(folder, "--checkpoint", str(checkpoint)) == (
        1,
        "the chain does not contain the checkpoint, seal 6",
    )


def test_rows_that_were_left_out_at_the_end_shorten_the_period(folder):
    hide_rows(5)(folder)
    code, said = verified(folder)
    assert (code, "6 rows are as they were sealed" in said, "to seal 3," in said) == (0, True, True)


def test_a_proof_without_rows_says_so(folder):
    for number in (1, 3, 5):
        hide_rows(number)(folder)
    said = "6 seals and 0 rows are as they were sealed; 0 rows of these seals are not here. No seal has rows here."
    assert verified(folder) == (0, said)


def test_a_checkpoint_from_before_the_period_is_no_forgery(sealed, folder, tmp_path):
    checkpoint = tmp_path / "checkpoint.json"
    checkpoint.write_text(Checkpoint.of(Seal.objects.get(number=2)).text())
    (folder / "rows.jsonl").write_text("".join((folder / "rows.jsonl").read_text().splitlines(keepends=True)[3:]))
    lines = (folder / "seals.jsonl").read_text().splitlines(keepends=True)
    (folder / "seals.jsonl").write_text("".join(lines[2:]))
    said = "the checkpoint, seal 2, is older than the first seal here, 3: give a newer one"
    assert verified(folder, "--checkpoint", str(checkpoint)) == (1, said)


def test_the_form_is_explained(folder):
    about = json.loads((folder / "about.json").read_text())
    assert about["table"] == "requests"
    assert about["columns"]["1"][:3] == ["id", "request_id", "occurred_at"]
    assert list(about["public_keys"]) == ["1"]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_period_has_the_seals_from_its_start_until_the_first_after_its_end(sealed, tmp_path):
    for number, day in ((1, "01"), (3, "02"), (5, "03")):
        as_owner(
            lambda number=number, day=day: Seal.objects.filter(number=number).update(sealed_at=f"2026-05-{day}T12:00Z")
        )
    period = ["--from", "2026-05-02T00:00:00Z", "--to", "2026-05-02T23:00:00Z"]
    assert run_json("export_proof", str(tmp_path / "two"), EXPORT, *period)["rows"] == 6
    nothing = run_json("export_proof", str(tmp_path / "none"), EXPORT, "--from", "2026-06-01")
    assert (nothing["seals"], nothing["rows"]) == (0, 0)


def test_the_rows_of_a_period_may_be_in_several_seals_made_after_it(key, tmp_path, monkeypatch):
    for module in (sealing, seals, proof):
        monkeypatch.setattr(module, "FULL", 2)
    for number in range(5):
        request(key, FIRST + number)
    sealing.seal()
    period = ["--from", "2026-05-01T00:00:00Z", "--to", "2026-05-02T00:00:00Z"]
    assert run_json("export_proof", str(tmp_path / "proof"), EXPORT, *period)["rows"] == 5


def test_an_export_is_recorded_and_needs_a_new_folder(folder):
    assert "table=requests" in ChangeEvent.objects.get(action="exported").after["filters"]
    assert refused("export_proof", str(folder), EXPORT) == f"{folder} can't be made: File exists."
    assert RequestRecord.objects.count() == 9
