"""Resources of real systems: each row states what `expected.md` in its folder requires."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from tests.encounters.fhir.whole_imports.cases import rows, run_case

pytestmark = pytest.mark.django_db
MAY_25 = datetime(2026, 5, 25, tzinfo=UTC)
TEN = MAY_25.replace(hour=10)
REST = "Rest and fluids."
GRID = "|  |  |\n| --- | --- |\n"

# By case: the issues by source id, or by line where a line has none; and one field of the rows that are served.
CASES = {
    "01-bom-crlf-blank": ({}, "Patient", "last_name", {"p1": "Example", "p2": "Example"}),
    "02-not-quite-ndjson": (
        {1: "invalid_json", 2: "not_an_object", 3: "invalid_json", 4: "invalid_json", 5: "invalid_json"},
        *("Patient", "last_name", {"p7": "Example"}),
    ),
    "05-nul-surrogate": ({2: "invalid_json", 3: "invalid_json"}, "Patient", "last_name", {"p1": "Example"}),
    "06-duplicate-keys": ({1: "invalid_json", 2: "invalid_json"}, "Encounter", "patient", {}),
    "07-birth-dates": (
        {
            **dict.fromkeys(["p1", "p2"], "partial_date"),
            **dict.fromkeys(["p3", "p4", "p5", "p6", "p7", "p8"], "invalid_date"),
            "p10": "no_birth_date",
        },
        *("Patient", "date_of_birth"),
        {f"p{number}": date(2012, 2, 29) if number == 9 else None for number in range(1, 11)},
    ),
    "08-encounter-times": (
        {
            **{
                "e1": "no_time_zone",
                "e2": "date_only",
                "e3": "partial_date",
                "e4": "partial_date",
                "e5": "invalid_date",
            },
            **dict.fromkeys(["e7", "e8", "e9", "e14", "e15"], "invalid_date"),
            "e16": "partial_date",
        },
        *("Encounter", "date_of_service"),
        {
            **dict.fromkeys(f"e{number}" for number in range(1, 19)),
            **{"e1": TEN, "e2": MAY_25, "e6": datetime(2017, 1, 1, tzinfo=UTC)},
            **{"e10": MAY_25.replace(hour=14, microsecond=123456), "e11": datetime(2026, 5, 24, 20, tzinfo=UTC)},
            **{"e12": datetime(1, 1, 1, tzinfo=UTC), "e13": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "e17": TEN},
        },
    ),
    "09-names": (
        {"p2": "name_text_only", "p3": "no_name"},
        *("Patient", "last_name"),
        {"p1": "Now", "p2": "Ina Example", "p3": None, "p4": "Example", "p5": "NoUse", "p6": "Present"},
    ),
    "16-documents-and-encounters": (
        {
            **dict.fromkeys(["d3", "d4", "d7"], "no_encounter"),
            **{"d5": "unresolved_encounter", "d6": "patient_mismatch"},
        },
        *("DocumentReference", "encounter", {"d1": "e1", "d2": "e2"}),
    ),
    "18-attachments": (
        {
            **dict.fromkeys(["d3", "d7", "d11"], "unsupported_content_type"),
            **dict.fromkeys(["d8", "d15", "d16"], "no_content"),
            **{"d9": "content_by_url", "d10": "invalid_base64", "d12": "blank_content"},
        },
        *("DocumentReference", "content"),
        {
            **dict.fromkeys(f"d{number}" for number in range(1, 18)),
            **{"d1": "An invented note of some length, wrapped at 20.", "d2": "The **plan**.", "d4": "Müller"},
            **{"d5": "“ok”", "d6": "Ünits", "d12": "  \n ", "d13": "Müller", "d14": "“ok” – 5 €"},
            "d17": "ZW5jb2RlZCB0d2ljZQ==",
        },
    ),
    "19-html-notes": (
        {},
        *("DocumentReference", "content"),
        {
            **dict.fromkeys((f"d{number}" for number in range(1, 17)), REST),
            "d7": f"Before\n\n{REST}\n\nPlain text too.",
            "d8": f"Before\n\n{REST}\n\nand walk",
            "d9": f"{GRID}| BP | 120/80 |\n| HR | 72 |",
            "d10": "```\nBP   120/80\nHR   72\n```\n\nTemp <38.5 and rising>\n\nmail &lt;ina@example.org>",
            "d11": f"ab\n\n{REST}",
            "d12": f"Keep {REST}",
            "d13": f"{REST}\n\nA\n\nb",
            "d15": "Rest & fluids\xa0– 5µg \ufffd €",
            "d17": f"{GRID}| Plan | {REST} |",
            "d18": f"{GRID}| Dose 5 mg | - Rest - fluids. |\n| a \\| b | x y |",
            "d19": "### Plan\n\nRest\n\nand fluids.",
        },
    ),
    "20-html-meta-charset": ({}, "DocumentReference", "content", {"d1": "Müller “ok”"}),
    "41-soft-deleted": ({}, "Encounter", "status", {}),
    "42-last-updated": (
        {"e2": "conflict_no_version"},
        *("Encounter", "status", {"e1": "cancelled", "e2": "completed", "e3": "cancelled"}),
    ),
    "43-twice-in-one-export": (
        {"p2": "conflict_no_version"},
        *("Patient", "date_of_birth", dict.fromkeys(["p1", "p2"], date(1970, 2, 3))),
    ),
    "46-numbers-and-depth": (
        dict.fromkeys([1, 3, 4, 5, 6], "invalid_json") | dict.fromkeys(["p2", "p7"], "no_birth_date"),
        *("Patient", "last_name", {"p2": "A", "p7": "A"}),
    ),
    "47-created-at-service-extremes": (
        {"e3": "date_only"},
        *("Encounter", "created_at"),
        {
            "e1": datetime(1, 1, 1, tzinfo=UTC),
            "e2": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
            "e3": datetime(1900, 1, 1, tzinfo=UTC),
            "e4": MAY_25.replace(hour=14),
        },
    ),
}


def served(kind: str, field: str) -> dict:
    """Return one field of the rows of a kind that may be served, by source id."""
    found = ((*name.split("/"), values) for name, values in rows().items())
    return {source_id: values[field] for resource_type, source_id, values in found if resource_type == kind}


@pytest.mark.parametrize("name", CASES)
def test_a_resource_is_imported_or_reported(name, organization):
    issues, kind, field, values = CASES[name]
    (run,) = run_case(name, organization)
    assert {each["source_id"] or each["line"]: each["code"] for each in run.report["issues"]} == issues
    assert served(kind, field) == values


@pytest.mark.parametrize(("name", "total"), [("08-encounter-times", 18), ("47-created-at-service-extremes", 4)])
def test_every_time_is_served_and_counted(name, total, organization, api, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    run_case(name, organization)
    body = api.get(query="limit=100").json()
    assert (body["total"], len(body["items"])) == (total, total)
    call_command("check_totals")


def test_a_name_skips_its_nulls(organization):
    run_case("09-names", organization)
    assert served("Patient", "first_name") == {"p1": "A", "p2": None, "p3": None, "p4": "Vera", "p5": None, "p6": None}


def test_a_soft_deleted_resource_is_withdrawn(organization):
    (run,) = run_case("41-soft-deleted", organization)
    assert [run.report["counts"][kind]["withdrawn"] for kind in ("Patient", "Encounter")] == [1, 2]
    assert rows() == {}


def test_an_encounter_of_r5_keeps_its_time_and_its_status(organization):
    (run,) = run_case("10-r5-encounter", organization)
    assert run.codes == {"other_fhir_version": 6, "r5_status": 4, "unrecognized_status": 2}
    assert set(served("Encounter", "date_of_service").values()) == {TEN}
    statuses = ["completed", "completed", "in_progress", "cancelled", "unknown", "unknown"]
    assert served("Encounter", "status") == {f"e{number}": each for number, each in enumerate(statuses, 1)}


def test_shapes_of_other_versions_are_read_or_reported(organization):
    (run,) = run_case("11-stu3-shapes", organization)
    assert sorted(run.coded) == [
        *(("d1", "no_encounter"), ("d2", "other_fhir_version"), ("d3", "no_encounter"), ("p1", "unexpected_shape")),
        *(("p2", "unexpected_shape"), ("p3", "no_birth_date"), ("p3", "no_name"), ("p4", "no_name")),
    ]
    assert served("Patient", "first_name") == {"p1": "Ina", "p2": "Ina", "p3": None, "p4": None}
    assert served("Patient", "last_name") == {"p1": "Example", "p2": "Example", "p3": None, "p4": None}


def test_a_transcript_is_imported_completely_or_reported(organization):
    (run,) = run_case("48-transcripts", organization)
    assert [(line, what.split(",")[0]) for _, line, what in run.issues] == [
        (2, "seconds from the start of the recording"),
        (3, "a text of 1 to 1000 characters"),
        (4, "seconds from the start of the recording"),
        (5, "seconds from the start of the recording"),
        (6, "Write one JSON object per line"),
        (7, "seconds from the start of the recording"),
        (13, "Write one JSON object per line"),
        (10, "It already exists with other values. Set updated_at to show which version is newer."),
    ]
    turns = served("DocumentReference", "turns")
    assert turns.keys() == {"t1", "t8", "n9", "t10", "t11"}
    assert [(each["start"], each["end"]) for each in turns["t1"]] == [(0, 900), (0, 1), (5, 5)]
    assert [turns[name][0]["text"] for name in ("t10", "t11")] == ["", "ab <b>& "]
