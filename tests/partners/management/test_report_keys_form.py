"""How the report of all API keys is written: to the terminal, to a file, line by line."""

import json
import os
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Model

from partners.management.commands import report_keys
from partners.models import ApiKey
from partners.review import key_report
from tests.factories import issue
from tests.partners.support.command_line import refused, run, run_json

pytestmark = pytest.mark.django_db


def test_the_summary_goes_to_standard_error(organization):
    issue(organization)
    printed, told = StringIO(), StringIO()
    call_command("report_keys", stdout=printed, stderr=told)
    assert told.getvalue() == "1 key: 1 active; 1 idle. Digest keys: 1 under 2 (active).\n"
    assert len(printed.getvalue().splitlines()) == 2
    call_command("report_keys", "--state", "revoked", stdout=printed, stderr=told)
    assert told.getvalue().endswith("\nNo keys.\n")


def test_no_keys_are_a_header_or_an_empty_list():
    assert run("report_keys").splitlines() == [",".join(key_report.COLUMNS)]
    assert run_json("report_keys") == {"keys": [], "summary": {"keys": 0, "states": {}, "idle": 0, "digest_keys": []}}


def test_a_file_gets_the_lines_and_the_terminal_the_summary(organization, tmp_path):
    issue(organization)
    path = tmp_path / "keys.csv"
    path.write_text("last week's")
    assert run("report_keys", "--output", str(path)).startswith("1 key: ")
    assert (len(path.read_text().splitlines()), path.stat().st_mode & 0o777) == (2, 0o600)
    assert run_json("report_keys", "--output", str(path))["keys"] == 1
    assert len(json.loads(path.read_text())["keys"]) == 1
    assert os.listdir(tmp_path) == ["keys.csv"]


def test_a_report_that_fails_keeps_the_old_file(organization, tmp_path, monkeypatch):
    path = tmp_path / "keys.csv"
    path.write_text("last week's")
    monkeypatch.setattr(key_report, "_line", lambda *_: 1 / 0)
    issue(organization)
    with pytest.raises(ZeroDivisionError):
        run("report_keys", "--output", str(path))
    assert (path.read_text(), os.listdir(tmp_path)) == ("last week's", ["keys.csv"])


def test_a_file_that_cannot_be_written_is_reported(tmp_path):
    assert "No such file or directory" in refused("report_keys", "--output", str(tmp_path / "missing" / "keys.csv"))


def test_lines_are_written_before_all_keys_are_read(organization, monkeypatch):
    monkeypatch.setattr(key_report, "CHUNK", 2)
    for number in range(5):
        issue(organization, label=f"{number}")
    read = []
    monkeypatch.setattr(
        ApiKey, "from_db", classmethod(lambda cls, *row: read.append(row) or Model.from_db.__func__(cls, *row))
    )
    report = key_report.Review().lines()
    assert (next(report)["label"], len(read) <= 2) == ("0", True)
    assert [line["label"] for line in report] == ["1", "2", "3", "4"]


@pytest.mark.usefixtures("clock")
def test_the_most_days_that_a_review_takes():
    assert report_keys._days(str(report_keys.MOST_DAYS)) == report_keys.MOST_DAYS
    with pytest.raises(Exception, match="enter a number of days"):
        report_keys._days(str(report_keys.MOST_DAYS + 1))
