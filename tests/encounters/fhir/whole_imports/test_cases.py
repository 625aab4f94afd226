"""Exports of real systems, one row per case: folders, Bundles, histories and incomplete files."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.encounters.fhir.whole_imports.cases import CASES, rows, run_case
from tests.encounters.fhir.whole_imports.test_versions_over_runs import snapshot

pytestmark = pytest.mark.samples


@dataclass(frozen=True)
class Expected:
    """What may be served afterwards, the codes reported over all commands, and each command's exit code."""

    served: set[str]
    codes: dict[str, int] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)


def encounter(source_id: str, patient: str | None = "p1", status: str = "completed") -> str:
    return f"Encounter/{source_id} of {patient}, {status}"


INA = "Patient/p1 Example"
VISIT = {INA, encounter("e1")}
VISITS = {INA, *(encounter(f"e{number}") for number in range(1, 7))}
NOTE = "DocumentReference/d1 of e1: An invented note."
ALPHA = {"Patient/1 Alpha", encounter("e1", "1")}

TABLE = {
    "03-gzip-members": Expected({f"Patient/p{number} Example" for number in (1, 2, 3)}),
    "04-utf16": Expected(set(), {"invalid_json": 3}, (1,)),
    "12-references": Expected(
        {
            INA,
            *(encounter(f"e{number}") for number in (1, 2, 3, 4, 5, 6, 7, 14)),
            *(encounter(f"e{number}", None) for number in (16, 18, 19)),
        },
        {"unresolved_patient": 8, "subject_not_a_patient": 1, "no_patient": 2},
    ),
    "13-two-servers-one-bundle": Expected(ALPHA, {"id_taken": 1, "unresolved_patient": 2}),
    "15-urn-case-and-mismatch": Expected(
        {"Patient/abc Example", "Patient/patient Example"}
        | {encounter("e1", "abc"), encounter("e2", "abc"), encounter("e3", "patient")}
    ),
    "17-binary-in-export": Expected(
        VISIT | {"DocumentReference/d1 of e1: The note in a Binary.", "DocumentReference/d2 of e1: Another note."}
    ),
    "21-history-recreated": Expected({"Patient/p1 Third", encounter("e1")}, exit_codes=(0, 0)),
    "23-history-order": Expected(VISIT),
    "24-searchset-pages": Expected(VISIT, {"more_pages": 1}),
    "25-nested-bundles": Expected(VISIT | {encounter("e2"), "Patient/p7 Example"}, exit_codes=(0, 0)),
    "26-truncated-bundle": Expected(VISIT | {encounter("e2"), encounter("e3")}, {"invalid_json": 1}, (1,)),
    "27-bad-entry-in-bundle": Expected(VISIT, {"invalid_json": 1}, (1,)),
    "29-deleted-output": Expected({INA, encounter("e2")}, exit_codes=(0, 0)),
    # Its deletions name e1, which therefore comes in and is withdrawn.
    "30-bulk-data-client-folder": Expected({INA}, {"export_errors": 1}),
    "31-folder-of-mixed-names": Expected(VISITS | {NOTE}),
    "32-manifest-renamed-files": Expected(VISIT),
    "33-deleted-in-a-subfolder": Expected({INA, encounter("e2", status="cancelled")}, exit_codes=(0, 0)),
    "35-organized-by-patient": Expected(VISIT | {NOTE}),
    "37-ndjson-called-json": Expected({f"Patient/p{number} Example" for number in range(1, 6)}, exit_codes=(0, 0)),
    "38-bundle-called-ndjson": Expected(set(), {"invalid_json": 53, "not_an_object": 2}, (1, 1, 1)),
    "39-folder-of-bundles": Expected(VISIT),
    "40-odd-manifests": Expected({INA}, exit_codes=(1, 1, 0, 1, 1)),
    "44-ids": Expected({"Patient/a.b-C Example", f"Patient/{'x' * 64} Example"}, {"invalid_id": 7}),
    "45-wrong-type-in-file": Expected(VISIT, {"wrong_resource_type": 1}),
    "49-manifest-count": Expected(VISIT | {encounter("e2")}, {"fewer_than_counted": 1}, (1,)),
    "50-ndjson-cut-in-a-line": Expected({INA}, {"invalid_json": 1}, (1,)),
    "51-zeros-at-the-end": Expected({INA}, {"invalid_json": 1}, (1,)),
    "54-two-servers-versioned": Expected(ALPHA, {"id_taken": 1, "unresolved_patient": 1}),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_case_has_its_expected_result(name, organization):
    runs = run_case(name, organization)
    codes = sum((Counter(each.codes) for each in runs), Counter())
    assert Expected(served(), dict(codes), tuple(each.exit_code for each in runs)) == TABLE[name]


@pytest.mark.parametrize("name", TABLE)
def test_a_second_run_of_the_last_command_changes_nothing(name, organization):
    run_case(name, organization)
    before = snapshot()
    run_case(name, organization, last=True)
    assert snapshot() == before


def test_every_case_is_in_a_table():
    files = list(Path(__file__).parent.glob("test_cases*.py"))
    if not CASES.is_dir() or len(files) < 2:
        pytest.skip("no import cases, or not both tables")
    tables = "".join(path.read_text() for path in files)
    assert [each.name for each in CASES.iterdir() if f'"{each.name}"' not in tables] == []


def served() -> set[str]:
    """Return the rows that may be served, each as text."""
    return {_told(resource, values) for resource, values in rows().items()}


def _told(resource: str, values: dict) -> str:
    match resource.partition("/")[0]:
        case "Patient":
            return f"{resource} {values['last_name']}"
        case "Encounter":
            return f"{resource} of {values['patient']}, {values['status']}"
    return f"{resource} of {values['encounter']}: {values['content']}"
