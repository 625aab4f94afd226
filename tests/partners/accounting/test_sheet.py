"""The accounting as a file, read back as a spreadsheet reads it."""

import csv
import io
from datetime import UTC, datetime

import pytest

from partners.accounting import sheet
from partners.accounting.disclosures import DISCLOSED, Accounting
from partners.accounting.periods import Period
from partners.catalogue.routes import Route
from partners.models import Organization
from tests.factories import CHANGE, DocumentFactory, issue

pytestmark = pytest.mark.django_db
MOMENT = datetime(2026, 5, 25, 14, 30, 5, 123456, tzinfo=UTC)
PERIOD = Period(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def rows(told) -> list[dict[str, str]]:
    asked = Accounting.ask(CHANGE, told.id, PERIOD, form="CSV")
    text = "".join(sheet.lines(asked, asked.disclosures()))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_line_has_all_of_a_disclosure(told):
    first, second = told.encounter(), told.encounter()
    record = told.record(first, second, at=MOMENT)
    assert rows(told) == [
        {
            "disclosed_at": "2026-05-25T14:30:05.123Z",
            "recipient": told.organization.name,
            "organization_id": told.organization.public_id,
            "key_label": "Invented system",
            "key_public_part": f"ch_sk_{told.key.public_part}",
            "disclosed": DISCLOSED[Route.ENCOUNTERS_LIST],
            "encounter_ids": f"{first.public_id} {second.public_id}",
            "document_id": "",
            "purpose": "not stated",
            "request_id": record.request_id,
        }
    ]


def test_a_document_is_named(told):
    document = DocumentFactory(encounter=told.encounter())
    told.record(document.encounter, at=MOMENT, route="documents.detail", document=document.pk)
    assert [row["document_id"] for row in rows(told)] == [document.public_id]


def test_typed_text_cannot_run_as_a_formula(told):
    Organization.objects.filter(pk=told.organization.pk).update(name="=1+1", purpose="@SUM(1)")
    key, _ = issue(told.organization, label="+1, -1")
    told.record(api_key=key, at=MOMENT)
    (row,) = rows(told)
    assert (row["recipient"], row["purpose"], row["key_label"]) == ("'=1+1", "'@SUM(1)", "'+1, -1")


def test_without_a_disclosure_there_is_only_the_header(told):
    asked = Accounting.ask(CHANGE, told.id, PERIOD, form="CSV")
    assert list(sheet.lines(asked, asked.disclosures())) == [",".join(sheet.COLUMNS) + "\r\n"]
