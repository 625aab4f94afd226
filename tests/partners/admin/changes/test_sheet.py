"""The filtered changes as a file, read back as a spreadsheet reads it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from partners.admin.lists import exports
from partners.models import ChangeEvent
from partners.models.change import Action, Change
from tests.factories import issue
from tests.partners.support import aged
from tests.partners.support.staff import make_stale

pytestmark = pytest.mark.django_db
EXPORT = "/admin/partners/changeevent/export/"
NOON = datetime(2026, 5, 25, 12, 30, 5, 123456, tzinfo=UTC)


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_a_line_has_all_of_a_change(security, organization):
    key = issue(organization, label="EHR sync")[0]
    event = aged.change(
        NOON,
        action=Action.KEY_REVOKED,
        organization=organization,
        api_key=key,
        by="ada",
        source="198.51.100.7",
        reason="It leaked.",
        ticket="OPS-7",
        before={"state": "active"},
        after={"state": "revoked"},
    )
    answer = security.post(EXPORT, {"person": "ada"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["Content-Disposition"].startswith('attachment; filename="changes-2')
    assert rows(answer) == [
        {
            "occurred_at": "2026-05-25T12:30:05.123Z",
            "change": "Key revoked",
            "person": "ada",
            "address": "198.51.100.7",
            "organization": organization.name,
            "organization_id": organization.public_id,
            "key_label": "EHR sync",
            "key_public_part": f"ch_sk_{key.public_part}",
            "before": json.dumps({"state": "active"}),
            "after": json.dumps({"state": "revoked"}),
            "reason": "It leaked.",
            "ticket": "OPS-7",
            "approved_by": "",
            "change_id": str(event.pk),
        }
    ]


def test_a_change_of_no_organization_has_blank_cells(security):
    aged.change(NOON, by="ada")
    (row,) = rows(security.post(EXPORT, {"person": "ada"}))
    assert {row[name] for name in ("organization", "organization_id", "key_label", "before", "after")} == {""}


def test_the_export_is_recorded_with_its_filters(security, organization):
    security.post(EXPORT, {"organization": organization.name, "kind": "keys"})
    event = ChangeEvent.objects.get(action=Action.EXPORTED)
    assert (event.by, event.source) == ("Security-person", "127.0.0.1")
    filters = f"organization={organization.public_id}, kind=keys, time=all"
    assert event.after == {"list": "Changes", "filters": filters}


def test_no_cell_is_run_as_a_formula(security, organization):
    change = Change(by="=1+1", source="+1", reason="@SUM(A1)", ticket="-1")
    organization.set_contact(change, name="=cmd", email="")
    (row,) = rows(security.post(EXPORT, {"person": "=1+1"}))
    assert [row["person"], row["address"], row["reason"], row["ticket"]] == ["'=1+1", "'+1", "'@SUM(A1)", "'-1"]


def test_every_page_is_in_the_file_and_the_file_says_where_it_was_cut(security, monkeypatch):
    monkeypatch.setattr(exports, "PER_PAGE", 2)
    made = [str(aged.change(NOON + timedelta(minutes=minute), by="ada").pk) for minute in range(5)]
    assert [row["change_id"] for row in rows(security.post(EXPORT, {"person": "ada"}))] == made[::-1]
    monkeypatch.setattr(exports, "MOST_PAGES", 2)
    *whole, last = rows(security.post(EXPORT, {"person": "ada"}))
    assert [row["change_id"] for row in whole] == made[:0:-1]
    assert last["occurred_at"] == exports.STOPPED


def test_a_filter_that_cannot_be_read_exports_and_records_nothing(security):
    answer = security.post(EXPORT, {"kind": "nothing"})
    assert (answer.status_code, "Select a valid choice." in answer.text) == (200, True)
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


def test_an_export_needs_the_permission_a_form_and_a_fresh_password(security, support):
    assert (support.post(EXPORT).status_code, security.get(EXPORT).status_code) == (403, 405)
    make_stale(security)
    assert "Confirm your password" in security.post(EXPORT).text
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


@pytest.mark.parametrize(("number", "shown"), [(0, False), (1, True)])
def test_the_list_offers_the_file_where_there_is_something_in_it(security, number, shown):
    for _ in range(number):
        aged.change(NOON, by="ada")
    page = security.get("/admin/partners/changeevent/?person=ada").text
    assert (f'action="{EXPORT}"' in page) is shown
    assert ('<input type="hidden" name="person" value="ada">' in page) is shown
