"""A file of partners, imported as an operator would: created, handed over by link, and run again."""

import csv
import json
import stat
import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import OperationalError

from partners.catalogue.presets import Preset
from partners.management import exclusive
from partners.management.moving.carrying_out import Run
from partners.models import ApiKey, Approval, ChangeEvent, KeyHandover, Organization
from tests.api import Api
from tests.factories import CHANGE, issue
from tests.partners.support.approving import by
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.handing_over import FROM, LINK, links_mailed
from tests.partners.support.postbox import Postbox
from tests.partners.support.spreadsheet import LAKESIDE, WHY, named, saved
from tests.partners.support.staff import signed_in_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("postbox")]
EXAMPLE = str(Path(__file__).parents[3] / "examples/partners.csv")


def imported(file: str, *given: str) -> dict:
    return run_json("import_partners", file, *WHY, *given)


def everything() -> list[int]:
    return [rows.objects.count() for rows in (Organization, KeyHandover, ApiKey, Approval, ChangeEvent)]


def test_the_example_creates_partners_and_sends_links():
    report = imported(EXAMPLE)
    assert report["organizations"] == {"new": 3, "present": 0}
    assert [each["state"] for each in report["keys"]] == ["sent", "sent", "sent", ""]
    assert [message.to for message in mail.outbox] == [["it@northgate.example"], ["ben@lakeside.example"]]
    northgate, lakeside = (
        Organization.objects.named(name).get() for name in ("northgate family practice", "Lakeside Imaging")
    )
    assert (northgate.contact_name, northgate.purpose, northgate.owner) == ("Ada Example", "Treatment", "Northgate IT")
    assert (northgate.calls_per_minute, northgate.receives_names, northgate.tags) == (120, True, ["wave-1"])
    assert northgate.allowlisted
    assert northgate.enabled_routes() == named(Preset.DOCUMENTS.routes)
    assert not lakeside.receives_names
    assert not Organization.objects.get(name="Hillside Billing").allowlisted


def test_a_key_from_a_link_calls_what_the_file_says():
    imported(EXAMPLE)
    first, second = LINK.findall(mail.outbox[0].body)
    _, token = KeyHandover.objects.of_link(first).collect(FROM)
    assert Api(token.text).get("/external/v1/encounters").status_code == 200
    key, token = KeyHandover.objects.of_link(second).collect(FROM)
    assert key.label == "Reporting"
    assert timedelta(days=89) < key.lifetime <= timedelta(days=90)
    assert Api(token.text).get("/external/v1/key").status_code == 200


def test_each_change_says_who_and_why():
    imported(EXAMPLE)
    assert {*ChangeEvent.objects.values_list("by", "source", "reason", "ticket")} == {
        ("ada", "command line", "Go-live", "OPS-7")
    }


def test_a_dry_run_writes_and_sends_nothing():
    before = everything()
    report = imported(EXAMPLE, "--dry-run")
    assert report["dry_run"]
    assert report["organizations"] == {"new": 3, "present": 0}
    assert [each["state"] for each in report["keys"]] == ["new", "new", "new", ""]
    assert (everything(), mail.outbox) == (before, [])


def test_a_second_run_does_nothing():
    imported(EXAMPLE)
    before, sent = everything(), len(mail.outbox)
    report = imported(EXAMPLE)
    assert report["organizations"] == {"new": 0, "present": 3}
    assert (report["differences"], report["not_sent"]) == ([], [])
    assert [each["state"] for each in report["keys"]] == ["sent", "sent", "sent", ""]
    assert (everything(), len(mail.outbox)) == (before, sent)


def test_a_collected_key_is_known_by_its_public_part():
    imported(EXAMPLE)
    key, _ = KeyHandover.objects.of_link(links_mailed()[0]).collect(FROM)
    before = everything()
    (viewer,) = [each for each in imported(EXAMPLE)["keys"] if each["label"] == "Viewer"]
    assert (viewer["state"], viewer["public_part"]) == ("active", key.public_part)
    assert everything() == before


def test_a_row_that_was_added_gets_its_key_alone(tmp_path):
    imported(saved(tmp_path, LAKESIDE))
    report = imported(saved(tmp_path, LAKESIDE, "LAKESIDE  imaging,,,,,Archive"))
    assert [each["state"] for each in report["keys"]] == ["sent", "sent"]
    assert len(mail.outbox) == 2
    assert KeyHandover.objects.get(label="Archive").scopes == KeyHandover.objects.get(label="Viewer").scopes


def test_what_differs_is_reported_and_left(tmp_path):
    imported(saved(tmp_path, LAKESIDE))
    before = everything()
    other = "Lakeside Imaging,Cy Example,ben@lakeside.example,Care coordination,documents,Viewer"
    report = imported(saved(tmp_path, other))
    assert [(each["column"], each["in_file"], each["here"]) for each in report["differences"]] == [
        ("Contact", "Cy Example", "Ben Example"),
        (
            "Routes",
            " ".join(named(Preset.DOCUMENTS.routes)),
            " ".join(named(Preset.ENCOUNTERS.routes)),
        ),
    ]
    assert everything() == before
    assert "Different here, and left as it is:\nline" in run("import_partners", saved(tmp_path, other), *WHY)


def test_an_organization_that_was_taken_off_the_allowlist_stays_off(tmp_path):
    imported(saved(tmp_path, LAKESIDE))
    organization = Organization.objects.get()
    organization.set_access(CHANGE, allowlisted=False)
    (difference,) = imported(saved(tmp_path, LAKESIDE))["differences"]
    assert (difference["column"], difference["here"]) == ("Routes", "–")
    organization.refresh_from_db()
    assert not organization.allowlisted


def test_a_revoked_key_is_not_made_again(tmp_path, organization):
    key, _ = issue(organization, label="Viewer")
    key.revoke(CHANGE)
    organization.set_contact(CHANGE, name="", email="ben@lakeside.example")
    report = imported(saved(tmp_path, f"{organization.public_id},,,,,viewer"))
    assert [each["state"] for each in report["keys"]] == ["revoked"]
    assert not KeyHandover.objects.exists()


def test_scopes_that_differ_are_reported(tmp_path, organization):
    issue(organization, label="Viewer")
    file = saved(tmp_path, f"{organization.name},Viewer,encounters:read", headings="Organization,Label,Scopes")
    (difference,) = imported(file)["differences"]
    assert (difference["column"], difference["in_file"]) == ("Scopes", "encounters:read")


def test_links_that_were_not_sent_are_sent_by_the_next_run(tmp_path, monkeypatch):
    monkeypatch.setattr(Postbox, "down", True)
    error = refused("import_partners", EXAMPLE, *WHY)
    assert error == "3 links not sent. Run the command again for what is left."
    assert [*KeyHandover.objects.values_list("token_digest", flat=True)] == [None, None, None]
    monkeypatch.setattr(Postbox, "down", False)
    assert [each["state"] for each in imported(EXAMPLE)["keys"]] == ["sent", "sent", "sent", ""]


def test_the_report_is_a_file_for_its_owner_without_links(tmp_path):
    target = tmp_path / "report.csv"
    imported(EXAMPLE, "--report", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with target.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [(row["line"], row["label"], row["sent_to"]) for row in rows[:1]] == [
        ("2", "EHR sync", "it@northgate.example")
    ]
    assert len(rows) == 4
    assert not any(token in target.read_text() for token in links_mailed())


def test_a_report_that_cannot_be_written_stops_it_first(tmp_path):
    assert "can't be written" in refused("import_partners", EXAMPLE, *WHY, "--report", str(tmp_path / "no/report.csv"))
    assert not Organization.objects.exists()


def test_a_report_never_takes_the_place_of_the_source_or_of_a_directory(tmp_path):
    file = saved(tmp_path, LAKESIDE)
    (tmp_path / "alias.csv").symlink_to(file)
    for target in (file, str(tmp_path / "alias.csv")):
        assert "would replace the file that is read" in refused("import_partners", file, *WHY, "--report", target)
    assert "not the name of a file" in refused("import_partners", file, *WHY, "--report", str(tmp_path))
    assert not Organization.objects.exists()
    (tmp_path / "report.csv").touch()
    imported(file, "--report", str(tmp_path / "report.csv"))
    assert "can't be read" in refused(
        "import_partners", str(tmp_path / "none.csv"), *WHY, "--report", str(tmp_path / "report.csv")
    )


def test_a_report_that_cannot_be_written_in_the_end_is_still_printed(tmp_path, monkeypatch, capsys):
    target, send = tmp_path / "report.csv", Run.send

    def send_meanwhile(self, plans):
        target.mkdir()
        return send(self, plans)

    monkeypatch.setattr(Run, "send", send_meanwhile)
    with pytest.raises(CommandError, match="can't be written: Is a directory"):
        call_command("import_partners", saved(tmp_path, LAKESIDE), *WHY, "--report", str(target))
    assert "keys sent              1" in capsys.readouterr().out


def test_a_partner_that_is_refused_is_a_line_of_the_report(tmp_path, organization, settings, capsys):
    settings.ACCEPT_TEST_KEYS = True
    organization.set_contact(CHANGE, name="", email="a@b.example")
    issue(organization, label="VIEWER", is_test=True)
    file = saved(tmp_path, f"{organization.name},,,,encounters,Viewer", LAKESIDE)
    with pytest.raises(CommandError, match=r"1 organization not imported\. Run the command again for what is left\."):
        call_command("import_partners", file, *WHY)
    shown = capsys.readouterr().out
    assert shown.startswith("Not imported:\nline  organization")
    assert f"\n2     {organization.name}  Another key has the similar label “VIEWER”." in shown
    assert "organizations new      1" in shown
    assert len(mail.outbox) == 1


def test_what_the_database_did_not_take_is_not_counted(tmp_path, monkeypatch, capsys):
    def fail(*given, **options):
        raise OperationalError

    monkeypatch.setattr(KeyHandover, "prepare", fail)
    with pytest.raises(CommandError, match="1 organization not imported"):
        call_command("import_partners", saved(tmp_path, LAKESIDE), *WHY, "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["organizations"] == {"new": 0, "present": 0}
    assert report["not_imported"] == [
        {
            "line": 2,
            "organization": "Lakeside Imaging",
            "message": "The database can't be reached or is busy. Try again.",
        }
    ]


def test_all_errors_come_at_once_and_nothing_is_written(tmp_path):
    file = saved(tmp_path, LAKESIDE, "Hillside,,nobody,,everything,Viewer", ",,,,,Viewer", "Lakeside,,,,,Viewer")
    before = everything()
    assert refused("import_partners", file, *WHY) == "6 errors found. Nothing was imported."
    assert (everything(), mail.outbox) == (before, [])


def test_the_errors_are_a_table(tmp_path, capsys):
    with pytest.raises(CommandError, match=r"1 error found\. Nothing was imported\."):
        call_command("import_partners", saved(tmp_path, "Hillside,,nobody,,,"), *WHY)
    assert capsys.readouterr().out.splitlines() == [
        "Nothing was imported. Correct the file:",
        "line  column  value   message",
        "2     E-mail  nobody  Enter a valid email address.",
    ]


def test_what_a_person_reads():
    assert run("import_partners", EXAMPLE, *WHY).splitlines() == [
        "organizations new      3",
        "organizations present  0",
        "keys sent              3",
    ]


def test_without_mail_there_are_no_keys(settings):
    settings.DEFAULT_FROM_EMAIL, settings.BASE_URL = "", ""
    assert refused("import_partners", EXAMPLE, *WHY) == "2 errors found. Nothing was imported."


def test_organizations_without_keys_need_no_mail(settings, tmp_path):
    settings.DEFAULT_FROM_EMAIL, settings.BASE_URL = "", ""
    assert imported(saved(tmp_path, "Hillside Billing,,,,encounters,"))["organizations"]["new"] == 1
    assert Organization.objects.get().allowlisted


def test_a_reason_is_required():
    assert "Give the reason" in refused("import_partners", EXAMPLE, "--reason", " ")


def test_one_runs_at_a_time(monkeypatch):
    monkeypatch.setattr(exclusive, "only_run", lambda job: nullcontext(False))
    assert "Another import of partners is running." in refused("import_partners", EXAMPLE, *WHY)


@pytest.fixture
def approver(settings):
    settings.FOUR_EYES = True
    return signed_in_as("ben", "Partner onboarding").user


def test_four_eyes_approve_each_key_with_the_access(approver, settings):
    report = imported(EXAMPLE)
    assert [each["state"] for each in report["keys"]] == ["approval waiting"] * 3 + [""]
    assert not KeyHandover.objects.exists()
    assert not Organization.objects.filter(allowlisted=True).exists()
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("3 changes wait for approval", settings.STAFF_EMAIL)
    assert "https://api.example.com/admin/approvals/" in message.body
    asked = Approval.objects.order_by("pk")
    assert [(each.subject, each.facts["allowlist"]) for each in asked] == [
        ("EHR sync", True),
        ("Reporting", True),
        ("Viewer", True),
    ]
    for approval in asked:
        approval.approve(approver, by(approver))
    assert KeyHandover.objects.count() == 3
    assert Organization.objects.filter(allowlisted=True).count() == 2
    assert Organization.objects.named("Northgate Family Practice").get().enabled_routes() == named(
        Preset.DOCUMENTS.routes
    )


def test_one_key_that_is_declined_leaves_the_access_of_the_others(approver, tmp_path):
    imported(saved(tmp_path, LAKESIDE, "Lakeside Imaging,,,,,Archive"))
    first, second = Approval.objects.order_by("pk")
    first.decline(approver, by(approver))
    second.approve(approver, by(approver))
    assert KeyHandover.objects.get().obstacle() is None


def test_access_that_was_declined_is_missed_and_forbids_more_keys(approver, tmp_path):
    imported(saved(tmp_path, LAKESIDE))
    added = saved(tmp_path, LAKESIDE, "Lakeside Imaging,,,,,Archive")
    assert imported(added, "--dry-run")["differences"] == []  # it waits
    Approval.objects.get().decline(approver, by(approver))
    assert refused("import_partners", added, *WHY) == "1 error found. Nothing was imported."
    report = imported(saved(tmp_path, LAKESIDE))
    assert [each["state"] for each in report["keys"]] == ["approval declined"]
    assert [(each["column"], each["here"]) for each in report["differences"]] == [("Routes", "–")]


@pytest.mark.usefixtures("approver")
def test_four_eyes_are_not_asked_twice():
    imported(EXAMPLE)
    before = everything()
    report = imported(EXAMPLE)
    assert (report["differences"], everything()) == ([], before)
    assert report["keys"][0]["approval"] == Approval.objects.order_by("pk")[0].pk


def test_four_eyes_approve_the_access_of_a_partner_without_a_key(approver, tmp_path):
    imported(saved(tmp_path, "Hillside Billing,,,,encounters,"))
    approval = Approval.objects.get()
    assert approval.facts == {"allowlist": True, "enable": named(Preset.ENCOUNTERS.routes)}
    assert mail.outbox[0].subject == "A change waits for approval"
    approval.approve(approver, by(approver))
    assert Organization.objects.get().allowlisted


def test_sixty_partners_take_seconds(tmp_path):
    lines = [f"Invented Practice {n},,it@practice{n}.example,Treatment,documents,EHR sync" for n in range(60)]
    file, began = saved(tmp_path, *lines), time.process_time()
    assert imported(file)["organizations"] == {"new": 60, "present": 0}
    assert len(mail.outbox) == 60
    assert time.process_time() - began < 10  # of CPU time; 1.5 where this was written
