"""`report_leak`, run as by an operator: what it finds, reports, writes and refuses."""

import csv
import io
import stat

import pytest

from partners.keys import tokens
from partners.models import ChangeEvent, KeyLeak, KeyState
from partners.models.change import Action
from tests.factories import CHANGE, issue
from tests.partners.support.command_line import refused, run, run_json

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
WHY = ("--reason", "a scanner told us")
PLACE = ("--place", "https://git.example.com/commit/1")


@pytest.fixture
def leaked(told, tmp_path):
    """The keys of two tokens in a file, one of them cut short, and the file."""
    quoted, second = issue(told.organization, label="Invented export")
    whole, first = issue(told.organization, label="Invented sync")
    told.record(told.encounter(), api_key=whole)
    file = tmp_path / "leak.log"
    file.write_bytes(b"\xff\xfe\n" + b"x" * 200_000 + f"\nKEY={first}\n{second[:30]}\n".encode())
    return whole, quoted, str(file)


def test_it_says_which_keys_are_in_a_file_and_what_each_read(leaked):
    whole, quoted, file = leaked
    first, second = run_json("report_leak", file, *WHY)["keys"]
    assert (first["key"], first["found"], first["reported"]) == (whole.quotable, "whole", False)
    assert [first[name] for name in ("calls", "patients", "encounters", "documents", "networks")] == [1, 1, 1, 0, 1]
    assert (second["key"], second["found"], second["calls"]) == (quoted.quotable, "public_part", 0)
    assert not KeyLeak.objects.exists()
    assert {event.api_key for event in ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED)} == {
        whole,
        quoted,
    }


def test_it_prints_a_line_for_each_key(leaked):
    header, *lines = run("report_leak", leaked[2], *WHY).splitlines()
    assert header.split()[:2] == ["KEY", "LABEL"]
    assert [line.split()[0] for line in lines] == [key.quotable for key in leaked[:2]]


def test_it_reads_standard_input(leaked, monkeypatch, organization):
    key, token = issue(organization)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff " + token.encode())))
    (found,) = run_json("report_leak", "-", *WHY)["keys"]
    assert found["key_id"] == key.public_id


@pytest.mark.parametrize(
    ("option", "state", "done"),
    [
        ((), KeyState.ACTIVE, ""),
        (("--disable",), KeyState.DISABLED, "disabled"),
        (("--revoke",), KeyState.REVOKED, "revoked"),
    ],
)
def test_with_a_place_it_reports_and_acts_on_whole_tokens(leaked, option, state, done):
    whole, _, file = leaked
    first, second = run_json("report_leak", file, *WHY, *PLACE, *option)["keys"]
    assert (first["reported"], first["done"], first["state"]) == (True, done, state.value)
    assert (second["reported"], second["done"], second["state"]) == (False, "", "active")
    assert [leak.api_key for leak in KeyLeak.objects.all()] == [whole]
    assert "reported" in run("report_leak", file, *WHY, *PLACE)


def test_it_tells_the_contact_or_says_why_not(leaked, mailoutbox):
    whole, _, file = leaked
    assert "has no contact e-mail" in run("report_leak", file, *WHY, *PLACE, "--notify")
    whole.organization.set_contact(CHANGE, name="", email="desk@example.com")
    first = run_json("report_leak", file, *WHY, *PLACE, "--notify")["keys"][0]
    assert (first["notified"], first["not_notified"], len(mailoutbox)) == (True, "", 1)


def test_it_writes_what_the_keys_read_to_a_private_file(leaked, tmp_path):
    path = tmp_path / "read.csv"
    run("report_leak", leaked[2], *WHY, "--csv", str(path))
    assert [row[4] for row in csv.reader(path.read_text().splitlines())] == ["kind", "patient", "encounter", "network"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_text_without_keys_says_so(tmp_path):
    (tmp_path / "x").write_text("nothing")
    assert run("report_leak", str(tmp_path / "x"), *WHY) == "No key of this deployment is in the text.\n"


def test_unknown_tokens_are_counted(tmp_path, db):
    (tmp_path / "x").write_text(tokens.mint(is_test=False).text)
    assert run_json("report_leak", str(tmp_path / "x"), *WHY)["unknown_tokens"] == 1
    assert "belong to no key of this deployment: 1." in run("report_leak", str(tmp_path / "x"), *WHY)


@pytest.mark.parametrize("option", ["--disable", "--revoke", "--notify"])
def test_nothing_is_done_without_a_place(leaked, option):
    assert "Say with --place" in refused("report_leak", leaked[2], *WHY, option)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refused("report_leak", str(tmp_path / "none"), *WHY).startswith("The file can't be read:")
