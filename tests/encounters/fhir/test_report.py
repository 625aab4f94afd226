from encounters.fhir import report
from encounters.fhir.report import Report
from encounters.importing.codes import Code, ImportOutcome, Level
from encounters.importing.report import LISTED_ISSUES, FilePlace

PLACE = FilePlace("Patient.ndjson", 3)


def test_issues_after_the_first_thousand_are_only_counted():
    found = Report()
    for _ in range(LISTED_ISSUES + 5):
        found.add(Code.NO_NAME, PLACE, "Patient", "p1")
    told = found.as_json()
    assert (len(told["issues"]), told["issues_not_listed"], told["codes"]) == (1000, 5, {"no_name": 1005})


def test_outcomes_are_counted_by_type():
    found = Report()
    for outcome in (ImportOutcome.CREATED, ImportOutcome.CREATED, ImportOutcome.REJECTED):
        found.count("Patient", outcome)
    assert found.as_json()["counts"] == {"Patient": {"created": 2, "rejected": 1}}


def test_a_file_that_was_not_read_to_its_end_is_named_once():
    found = Report()
    found.add_unread("Patient.ndjson")
    found.add_unread("Patient.ndjson")
    assert found.as_json()["unreadable_files"] == ["Patient.ndjson"]


def test_as_many_issues_are_listed_as_are_promised(monkeypatch):
    monkeypatch.setattr(report, "LISTED_ISSUES", 2)
    found = Report()
    code = next(code for code in Code if code.level is Level.WARNING)
    for number in range(3):
        found.add(code, FilePlace("f", number), "Patient")
    assert [len(found.issues), found.as_json()["issues_not_listed"]] == [2, 1]
