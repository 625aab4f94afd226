"""What a second export does to the rows of the first one."""

import json

import pytest

from encounters.models import Document, Encounter, Patient, SourceRecord
from tests.encounters.fhir.exports import (
    bundle,
    deletion,
    document,
    encounter,
    patient,
    transcript,
    updated,
    write,
    write_bulk,
)

JANUARY, FEBRUARY, MARCH = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")


def snapshot():
    """Everything an import can change."""
    models = (Patient, Encounter, Document, SourceRecord)
    return [list(model.objects.order_by("pk").values()) for model in models]


def visit(**elements):
    return [patient(**elements), encounter(**elements), document(**elements)]


@pytest.fixture
def twice(counts, tmp_path):
    """Import a first export, then a second, and return the outcome of the encounter in the second."""

    def run(first, second, **options):
        counts(first)
        return counts(second, **options)["Encounter"]

    return run


@pytest.mark.parametrize(
    ("version", "outcome", "status"),
    [(JANUARY, "stale", "completed"), (MARCH, "updated", "planned"), (FEBRUARY, "conflict_same_version", "completed")],
)
def test_the_newer_last_updated_holds(twice, tmp_path, version, outcome, status):
    first = write(tmp_path / "a", patient(), encounter(**updated(FEBRUARY)))
    second = write(tmp_path / "b", encounter(status="planned", **updated(version)))
    assert twice(first, second) == {outcome: 1}
    assert Encounter.objects.get().status == status


@pytest.mark.parametrize(
    ("digits", "outcome", "status"),
    [("1234568", "updated", "planned"), ("1234566", "stale", "completed")],
)
def test_a_last_updated_is_compared_to_its_last_digit(twice, tmp_path, digits, outcome, status):
    first = write(tmp_path / "a", patient(), encounter(**updated("2026-01-01T00:00:00.1234567Z")))
    second = write(tmp_path / "b", encounter(status="planned", **updated(f"2026-01-01T00:00:00.{digits}Z")))
    assert twice(first, second) == {outcome: 1}
    assert Encounter.objects.get().status == status


@pytest.mark.parametrize("version", [JANUARY, MARCH])
def test_a_soft_deleted_resource_is_withdrawn_unless_that_is_older(twice, tmp_path, version):
    first = write(tmp_path / "a", patient(), encounter(**updated(FEBRUARY)))
    second = write(
        tmp_path / "b", {"resourceType": "Encounter", "id": "e1", "meta": {"lastUpdated": version, "deleted": True}}
    )
    assert twice(first, second) == {"withdrawn" if version == MARCH else "stale": 1}
    assert Encounter.objects.served().count() == (0 if version == MARCH else 1)


@pytest.mark.parametrize(
    ("time", "outcome", "status"),
    [(JANUARY, "conflict_no_version", "completed"), (MARCH, "updated", "planned")],
)
def test_without_it_the_newer_manifest_holds(twice, tmp_path, time, outcome, status):
    first = write_bulk(tmp_path / "a", patient(), encounter(), time=FEBRUARY)
    second = write_bulk(tmp_path / "b", encounter(status="planned"), time=time)
    assert twice(first, second) == {outcome: 1}
    assert Encounter.objects.get().status == status


def test_a_conflict_is_reported_and_changes_nothing(run_import, tmp_path):
    run_import(write(tmp_path / "a", patient(), encounter()))
    before = snapshot()
    report = run_import(write(tmp_path / "b", encounter(status="planned")))
    assert report["codes"] == {"conflict_no_version": 1}
    assert snapshot() == before


def test_an_unchanged_resource_of_a_newer_export_is_as_new_as_that(counts, tmp_path):
    for name, time in (("a", JANUARY), ("b", MARCH)):
        counts(write_bulk(tmp_path / name, patient(), encounter(), time=time))
    late = write_bulk(tmp_path / "c", encounter(status="planned"), time=FEBRUARY)
    assert counts(late)["Encounter"] == {"conflict_no_version": 1}


@pytest.mark.postgresql
def test_every_value_of_a_newer_version_is_taken(run_import, tmp_path):
    run_import(write(tmp_path / "a", *visit(**updated(JANUARY)), patient("p2"), encounter("e2")))
    changed = [
        patient(name=[{"family": "Other"}], **updated(MARCH)),
        encounter(patient="Patient/p2", status="planned", **updated(MARCH)),
        document(encounter="Encounter/e2", description="Other", text="Other.", **updated(MARCH)),
    ]
    public_ids = {*Patient.objects.values_list("public_id"), *Document.objects.values_list("public_id")}
    run_import(write(tmp_path / "b", *changed))
    note = Document.objects.get()
    assert (note.title, note.content, note.encounter.source_record.source_id) == ("Other", "Other.", "e2")
    assert Patient.objects.get(source_record__source_id="p1").last_name == "Other"
    moved = Encounter.objects.get(source_record__source_id="e1")
    assert (moved.status, moved.patient.source_record.source_id) == ("planned", "p2")
    assert {*Patient.objects.values_list("public_id"), *Document.objects.values_list("public_id")} == public_ids


def test_a_row_that_moves_and_does_nothing_else_is_updated(counts, tmp_path):
    others = [patient("p2"), encounter("e2")]
    counts(write_bulk(tmp_path / "a", *visit(), *others, time=JANUARY))
    moved = [encounter(patient="Patient/p2"), document(encounter="Encounter/e2")]
    assert counts(write_bulk(tmp_path / "b", *moved, time=FEBRUARY)) == {
        "Encounter": {"updated": 1},
        "DocumentReference": {"updated": 1},
    }


def test_created_at_outlives_an_update(run_import, tmp_path):
    run_import(write(tmp_path / "a", patient(), encounter(**updated(JANUARY))))
    created_at = Encounter.objects.get().created_at
    run_import(write(tmp_path / "b", encounter(status="planned", **updated(MARCH))))
    assert Encounter.objects.get().created_at == created_at


@pytest.mark.parametrize("kind", ["encounter", "document"])
def test_entered_in_error_withdraws_and_a_newer_version_brings_back(run_import, tmp_path, kind):
    make, model = {"encounter": (encounter, Encounter), "document": (document, Document)}[kind]
    run_import(write(tmp_path / "a", *visit(**updated(JANUARY))))
    run_import(write(tmp_path / "b", make(status="entered-in-error", **updated(FEBRUARY))))
    assert model.objects.get().withdrawn_at is not None
    run_import(write(tmp_path / "a", *visit(**updated(JANUARY))))
    assert model.objects.get().withdrawn_at is not None
    run_import(write(tmp_path / "c", make(**updated(MARCH))))
    assert model.objects.get().withdrawn_at is None
    assert not SourceRecord.objects.exclude(withdrawn_at=None).exists()


def test_a_tombstone_works_without_a_row(counts, tmp_path):
    counts(write(tmp_path / "a", patient(), encounter(status="entered-in-error", **updated(FEBRUARY))))
    assert not Encounter.objects.exists()
    assert counts(write(tmp_path / "b", encounter(**updated(JANUARY))))["Encounter"] == {"stale": 1}
    assert counts(write(tmp_path / "b", encounter()))["Encounter"] == {"stale": 1}
    assert counts(write(tmp_path / "c", encounter(**updated(MARCH))))["Encounter"] == {"updated": 1}
    assert Encounter.objects.get().withdrawn_at is None


def test_a_deletion_withdraws_each_kind_of_row(counts, tmp_path):
    counts(write_bulk(tmp_path / "a", *visit(), time=JANUARY))
    names = ["Patient/p1", "Encounter/e1", "DocumentReference/d1", "Observation/o1"]
    assert counts(write_bulk(tmp_path / "b", time=FEBRUARY, deleted=names)) == {
        "other": {"ignored": 1},
        "Patient": {"withdrawn": 1},
        "Encounter": {"withdrawn": 1},
        "DocumentReference": {"withdrawn": 1},
    }
    assert not any(model.objects.filter(withdrawn_at=None).exists() for model in (Patient, Encounter, Document))


def test_a_deletion_holds_against_older_files_and_not_against_newer_ones(counts, tmp_path):
    counts(write_bulk(tmp_path / "a", *visit(), time=JANUARY))
    counts(write_bulk(tmp_path / "b", time=FEBRUARY, deleted=["Encounter/e1"]))
    assert counts(tmp_path / "a")["Encounter"] == {"stale": 1}
    assert counts(write_bulk(tmp_path / "c", encounter(), time=MARCH))["Encounter"] == {"updated": 1}
    assert counts(tmp_path / "b")["Encounter"] == {"stale": 1}
    assert Encounter.objects.get().withdrawn_at is None


def test_a_deletion_in_the_same_export_wins(counts, tmp_path):
    path = write_bulk(tmp_path / "a", *visit(), deleted=["Encounter/e1", "Encounter/e9"])
    assert counts(path)["Encounter"] == {"created": 1, "withdrawn": 2}
    before = snapshot()
    assert counts(path)["Encounter"] == {"stale": 1, "unchanged": 2}
    assert snapshot() == before


def test_after_its_transcript_is_deleted_an_encounter_is_not_ambient(run_import, tmp_path):
    run_import(write_bulk(tmp_path / "a", patient(), encounter(), transcript(), time=JANUARY))
    run_import(write_bulk(tmp_path / "b", time=FEBRUARY, deleted=["DocumentReference/t1"]))
    assert Encounter.objects.get().encounter_type == "clinical_documentation"


def test_a_document_of_an_encounter_without_a_row_is_rejected(counts, tmp_path):
    path = write(tmp_path / "a", patient(), encounter(status="entered-in-error"), document())
    assert counts(path)["DocumentReference"] == {"rejected": 1}


def test_the_same_resource_twice_in_a_file_is_one_row_in_its_newest_version(counts, tmp_path):
    lines = [encounter(status=status, **updated(time)) for status, time in (("planned", MARCH), ("arrived", FEBRUARY))]
    path = write(tmp_path / "a", patient(), *lines, encounter(status="finished", **updated("2026-04-01T00:00:00Z")))
    assert counts(path)["Encounter"] == {"created": 1, "stale": 1, "updated": 1}
    before = snapshot()
    assert counts(path)["Encounter"] == {"stale": 2, "unchanged": 1}
    assert snapshot() == before


def test_the_same_ids_of_another_source_are_other_rows(counts, tmp_path):
    path = write(tmp_path / "a", *visit())
    counts(path, source="one")
    assert counts(path, source="two")["Encounter"] == {"created": 1}
    assert Encounter.objects.count() == 2


def history(*versions):
    """Return the entries of an encounter's history: when each version was written, and its status or None if
    deleted."""
    for moment, status in versions:
        response = {"response": {"status": "200"} | ({"lastModified": moment} if moment else {})}
        written = {"resource": encounter(status=status), "request": {"method": "PUT", "url": "Encounter/e1"}}
        yield (written if status else deletion("Encounter/e1")) | response


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("versions", "status"),
    [
        ([(JANUARY, "planned"), (FEBRUARY, None), (MARCH, "finished")], "completed"),
        ([(JANUARY, "planned"), (FEBRUARY, "finished")], "completed"),
        ([(JANUARY, "planned"), (FEBRUARY, None)], None),
        ([(JANUARY, "planned"), (None, None)], None),
    ],
)
def test_the_last_version_of_a_history_wins_in_any_order(counts, tmp_path, versions, status, order):
    entries = [{"resource": patient()}, *history(*versions)][::order]
    (tmp_path / "h.json").write_text(json.dumps(bundle(*entries, kind="history")))
    for _ in range(2):
        counts(tmp_path / "h.json")
        assert list(Encounter.objects.filter(withdrawn_at=None).values_list("status", flat=True)) == [status] * bool(
            status
        )


def test_the_digest_of_the_values_is_the_same_as_in_earlier_releases(run_import, tmp_path):
    run_import(write(tmp_path / "a", *visit()))
    digests = SourceRecord.objects.order_by("resource_type").values_list("fingerprint", flat=True)
    assert [each[:12] for each in digests] == ["73a3529fe8ce", "d6af9fd5cecc", "65ed33a5a7f9"]


def test_fingerprints_never_change(counts, tmp_path):
    """A deployment compares them with those that older releases stored: with another one, all would have changed."""
    counts(write(tmp_path / "a", *visit()))
    assert dict(SourceRecord.objects.values_list("resource_type", "fingerprint")) == {
        "Patient": "65ed33a5a7f974db2400a30f293cc549134ac9e90f9791660ce669a89fb3728f",
        "Encounter": "d6af9fd5ceccad18800ec897ef2428c5181762a4162410481e9af608fe017ba6",
        "DocumentReference": "73a3529fe8ced69b4eecdd5b42329aadf0164947b790d78ab55d33d791d9fcd8",
    }
