"""An import of transcripts: how recordings next to the lines are stored."""

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError

from encounters.models import Document, Encounter
from tests.encounters.transcripts.visits import NEWER, encounter, note, transcript, visit


def kept(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_stored_name_of_a_recording_reveals_nothing(bring, recordings_folder, recording, organization):
    bring(visit(transcript(audio=recording)))
    name = Document.objects.get().audio
    assert kept(recordings_folder) == [name]
    assert (recordings_folder / name).read_bytes() == b"RIFF invented"
    owner, _, file = name.partition("/")
    assert (owner, len(file), file[64:]) == (organization.public_id, 68, ".wav")
    assert (recordings_folder / name).stat().st_mode & 0o077 == 0


def test_a_second_run_copies_nothing_and_replaces_an_incomplete_copy(bring, recordings_folder, recording):
    bring(visit(transcript(audio=recording)))
    path = recordings_folder / Document.objects.get().audio
    before = path.stat().st_mtime_ns
    bring(visit(transcript(audio=recording)))
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"RIFF")
    bring(visit(transcript(audio=recording)))
    assert (path.read_bytes(), kept(recordings_folder)) == (b"RIFF invented", [Document.objects.get().audio])


def test_a_replaced_recording_is_deleted(bring, recordings_folder, recording, tmp_path):
    bring(visit(transcript(audio=recording)))
    first = Document.objects.get().audio
    (tmp_path / recording).write_bytes(b"RIFF another")
    bring(visit(transcript(audio=recording, **NEWER)))
    assert kept(recordings_folder) == [Document.objects.get().audio] != [first]
    bring(visit(transcript(updated_at="2099-02-01T00:00:00Z")))
    assert (kept(recordings_folder), Document.objects.get().audio) == ([], None)


def test_a_recording_of_a_rejected_document_is_not_kept(bring, recordings_folder, recording):
    report = bring({"encounter": {"id": "e9"}, "documents": [transcript(audio=recording)]})
    assert report["counts"]["document"] == {"rejected": 1}
    assert kept(recordings_folder) == []


def test_two_documents_with_one_recording_have_a_copy_each(bring, recordings_folder, recording):
    bring(visit(transcript(audio=recording), transcript("t2", audio=recording)))
    bring(visit(transcript(**NEWER)))
    assert kept(recordings_folder) == [Document.objects.exclude(audio=None).get().audio]


@pytest.mark.parametrize(
    "written",
    ["gone.wav", "../outside.wav", "/etc/hostname", "audio", "notes.txt", "empty.wav", "x" * 900, "folder.wav"],
)
def test_an_invalid_recording_rejects_its_line(bring, tmp_path, recording, written):
    (tmp_path.parent / "outside.wav").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    report = bring(visit(note(), transcript(audio=written)), {"encounter": encounter("e2")})
    assert [(each["at"], written in each["todo"]) for each in report["issues"]] == [("documents[1].audio", False)]
    assert Encounter.objects.get().source_record.source_id == "e2"


def test_a_link_out_of_the_folder_is_not_followed(bring, tmp_path):
    outside = tmp_path.parent / f"{tmp_path.name}.wav"
    outside.write_bytes(b"x")
    (tmp_path / "inside.wav").symlink_to(outside)
    report = bring(visit(transcript(audio="inside.wav")), {"encounter": encounter("e2")})
    assert report["counts"] == {"line": {"rejected": 1, "read": 1}, "encounter": {"created": 1}}


@pytest.mark.parametrize("place", ["save", "delete"])
def test_a_failing_storage_is_reported(bring, recording, monkeypatch, place):
    def fail(*arguments, **options):
        raise RuntimeError("Ina Example")

    monkeypatch.setattr(type(storages["recordings"]), place, fail)
    with pytest.raises(CommandError, match="storage for recordings failed") as refusal:
        bring({"encounter": {"id": "e9"}, "documents": [transcript(audio=recording)]})
    assert "Ina" not in str(refusal.value)
