"""`account_disclosures`, run as by an operator: what it prints, writes, refuses and records."""

import csv
import io
import stat
from datetime import UTC, datetime

import pytest

from partners.accounting import sheet
from partners.accounting.disclosures import DISCLOSED
from partners.catalogue.routes import Route
from partners.formats.moments import rfc3339
from partners.models import ChangeEvent
from partners.models.change import Action
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory
from tests.partners.support.command_line import refused, run, run_json
from tests.partners.support.disclosing import days

pytestmark = pytest.mark.django_db
WHY = ("--reason", "a patient asks")
AT = datetime(2026, 5, 25, 14, tzinfo=UTC)


def asked() -> list[ChangeEvent]:
    return list(ChangeEvent.objects.filter(action=Action.DISCLOSURES_ACCOUNTED))


def test_it_accounts_for_every_disclosure(told):
    told.organization.set_purpose(CHANGE, "Treatment")
    document = DocumentFactory(encounter=told.encounter())
    first = told.record(document.encounter, ago=days(2))
    last = told.record(document.encounter, ago=days(0), route="documents.detail", document=document.pk)
    report = run_json("account_disclosures", "--patient", told.id, *WHY)
    assert (report["patient_id"], report["recipient"], report["number"]) == (told.id, told.organization.name, 2)
    assert report["summary"] == [total("not stated", first), total("Treatment", last)]
    assert report["disclosures"] == [
        disclosed(told, first, document.encounter, "not stated", None),
        disclosed(told, last, document.encounter, "Treatment", document.public_id),
    ]


def total(purpose, record) -> dict:
    moment = rfc3339(record.occurred_at)
    what = DISCLOSED[Route.named(record.route)]
    return {"purpose": purpose, "first": moment, "last": moment, "number": 1, "disclosed": what}


def disclosed(told, record, encounter, purpose, document_id) -> dict:
    return {
        "disclosed_at": rfc3339(record.occurred_at),
        "key": f"ch_sk_{told.key.public_part}",
        "key_label": told.key.label,
        "purpose": purpose,
        "request_id": record.request_id,
        "encounter_ids": [encounter.public_id],
        "document_id": document_id,
        "disclosed": DISCLOSED[Route.named(record.route)],
    }


def test_the_summary_is_printed_first(told):
    record = told.record(told.encounter(), at=AT)
    facts, summary, listed = run("account_disclosures", "--patient", told.id, *WHY).split("\n\n")
    assert facts.splitlines()[0] == f"patient_id       {told.id}"
    assert summary.splitlines()[0].split() == ["PURPOSE", "FIRST", "LAST", "NUMBER", "DISCLOSED"]
    assert summary.splitlines()[1].startswith("not stated  2026-05-25T14:00:00Z  2026-05-25T14:00:00Z  1 ")
    assert record.request_id in listed
    assert len(listed.splitlines()) == 2


def test_without_disclosures_only_the_facts_are_printed(told):
    printed = run("account_disclosures", "--patient", told.id, *WHY)
    assert "\n\n" not in printed
    assert "number           0" in printed


def test_a_file_holds_every_disclosure(told, tmp_path):
    records = [told.record(told.encounter(), ago=days(ago)) for ago in (3, 2, 1)]
    file = tmp_path / "disclosures.csv"
    report = run_json("account_disclosures", "--patient", told.id, "--csv", str(file), *WHY)
    assert (report["number"], report["file"], "disclosures" in report) == (3, str(file), False)
    assert [row["request_id"] for row in rows(file.read_bytes().decode())] == [each.request_id for each in records]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_existing_file_is_kept_and_nothing_is_recorded(told, tmp_path):
    told.record(told.encounter())
    file = tmp_path / "disclosures.csv"
    file.write_text("of another patient")
    message = refused("account_disclosures", "--patient", told.id, "--csv", str(file), *WHY)
    assert message == f"{file} already exists and was not changed. Choose a new file name."
    assert (file.read_text(), list(tmp_path.iterdir()), asked()) == ("of another patient", [file], [])


def test_a_file_that_cannot_be_finished_is_not_left_behind(told, tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "lines", lambda *asked: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("account_disclosures", "--patient", told.id, "--csv", str(tmp_path / "disclosures.csv"), *WHY)
    assert list(tmp_path.iterdir()) == []


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_with_csv_dash_only_the_file_is_printed(told):
    record = told.record(told.encounter())
    printed = run("account_disclosures", "--patient", told.id, "--csv", "-", *WHY)
    assert [row["request_id"] for row in rows(printed)] == [record.request_id]
    assert printed.count("\r\n") == 2


@pytest.mark.parametrize(
    ("period", "number"),
    [
        ([], 1),
        (["--from", "2026-05-25", "--to", "2026-05-25"], 1),
        (["--from", "2026-05-25T14:00:00Z"], 1),
        (["--from", "2026-05-25T14:00:01Z"], 0),
        (["--to", "2026-05-25T14:00:00Z"], 0),
        (["--to", "2026-05-24"], 0),
        (["--from", "2026-05-26"], 0),
    ],
)
def test_it_accounts_for_the_period_asked_for(told, period, number):
    told.record(at=AT)
    assert run_json("account_disclosures", "--patient", told.id, *period, *WHY)["number"] == number


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv", "-"]])
def test_the_request_is_recorded(told, form):
    told.record()
    run("account_disclosures", "--patient", told.id, *form, *WHY, "--by", "Invented Person", "--ticket", "T-1")
    (event,) = asked()
    assert (event.by, event.source, event.ticket) == ("Invented Person", "command line", "T-1")
    assert (event.reason, event.organization) == ("a patient asks", told.organization)
    assert (event.after["patient_id"], event.after["number"]) == (told.id, 1)
    assert event.after["form"] == ("CSV" if "--csv" in form else "report")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--patient", "pat_" + "0" * 22, *WHY], "There is no patient with this id"),
        (["--patient", "Jane Doe", *WHY], "There is no patient with this id"),
        ([*WHY], "required: --patient"),
        (["--patient", "{id}"], "required: --reason"),
        (["--patient", "{id}", "--reason", " "], "Give a reason for this request."),
        (["--patient", "{id}", *WHY, "--from", "25.05.2026"], "argument --from: Enter a date as 2026-05-25"),
        (["--patient", "{id}", *WHY, "--to", "tomorrow"], "argument --to: Enter a date as 2026-05-25"),
        (["--patient", "{id}", *WHY, "--from", "2026-05-25", "--to", "2026-05-24"], "must begin before it ends"),
        (["--patient", "{id}", *WHY, "--from", "2001-01-01"], "at most six years."),
        (["--patient", "{id}", *WHY, "--csv", "-", "--json"], "Use either --json or --csv -, not both."),
        (["--patient", "{id}", *WHY, "--csv", "/nowhere/at/all.csv"], "The file can't be written"),
    ],
)
def test_invalid_arguments_are_refused_and_nothing_is_recorded(told, arguments, message):
    assert message in refused("account_disclosures", *(each.format(id=told.id) for each in arguments))
    assert asked() == []


def test_what_is_restricted_is_told_beside_the_earlier_disclosures(told):
    document = DocumentFactory(encounter=told.encounter())
    told.record(document.encounter, ago=days(2))
    restrict(document.encounter.patient).lift(CHANGE), restrict(document)
    report = run_json("account_disclosures", "--patient", told.id, *WHY)
    assert report["number"] == 1
    assert [(each["restricted"], each["ended_at"] is None) for each in report["restrictions"]] == [
        (told.id, False),
        (document.public_id, True),
    ]
    _, restricted, *_ = run("account_disclosures", "--patient", told.id, *WHY).split("\n\n")
    assert restricted.splitlines()[0].split() == ["RESTRICTED", "SINCE", "UNTIL", "ENDED"]
    assert document.public_id in restricted
