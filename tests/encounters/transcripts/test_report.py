"""The report of an import of notes and transcripts."""

from encounters.importing.report import FilePlace
from encounters.transcripts import report
from encounters.transcripts.report import Report


def test_as_many_issues_are_listed_as_are_promised(monkeypatch):
    monkeypatch.setattr(report, "LISTED_ISSUES", 2)
    found = Report()
    for number in range(3):
        found.add(FilePlace("f", number), "x", "y")
    assert [len(found.issues), found.issues_not_listed] == [2, 1]
