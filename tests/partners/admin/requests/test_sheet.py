"""The filtered calls as a file, read back as a spreadsheet reads it, and the chart above their list."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from partners.admin.lists import exports
from partners.models import ChangeEvent
from partners.models.change import Action
from tests.factories import OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/requestrecord/"
EXPORT = f"{LIST}export/"
NOON = datetime(2026, 5, 25, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.fixture
def key(organization):
    return issue(organization, label="EHR sync")[0]


def rows(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def test_a_line_has_all_of_a_call_but_what_it_disclosed(support, key, organization):
    record = RequestRecordFactory(
        api_key=key,
        occurred_at=NOON,
        microseconds=1_540,
        encounters=[987_654_321],
        patients=[123_456_789],
        address="198.51.100.7",
        new_network=True,
    )
    answer = support.post(EXPORT, {"time": "all"})
    assert answer["Content-Disposition"].startswith('attachment; filename="requests-2')
    assert rows(answer) == [
        {
            "occurred_at": "2026-05-25T12:30:05.123Z",
            "request_id": record.request_id,
            "organization": organization.name,
            "organization_id": organization.public_id,
            "key_label": "EHR sync",
            "key_public_part": f"ch_sk_{key.public_part}",
            "method": "GET",
            "call": "encounters.list",
            "status": "200",
            "reason_code": "",
            "encounters": str(record.count),
            "duration_ms": "1.5",
            "address": "198.51.100.7",
            "new_network": "yes",
        }
    ]


def test_a_call_of_no_organization_without_a_route_has_blank_cells_and_its_path(support):
    RequestRecordFactory(api_key=issue(None)[0], route="", resource="nowhere", occurred_at=NOON)
    (row,) = rows(support.post(EXPORT, {"time": "all"}))
    assert (row["organization"], row["organization_id"], row["new_network"]) == ("", "", "no")
    assert row["call"].endswith("nowhere")


def test_the_file_has_what_the_filters_find_and_is_recorded_with_them(support, key, organization):
    RequestRecordFactory(api_key=key)
    refused = RequestRecordFactory(api_key=key, status=403, reason_code="missing_scope", query="")
    found = rows(support.post(EXPORT, {"organization": organization.name, "code": "refused"}))
    assert [row["request_id"] for row in found] == [refused.request_id]
    event = ChangeEvent.objects.get(action=Action.EXPORTED)
    filters = f"organization={organization.public_id}, code=refused, time=24h"
    assert event.after == {"list": "Requests", "filters": filters}


def test_the_file_says_where_it_was_cut(support, key, monkeypatch):
    monkeypatch.setattr(exports, "PER_PAGE", 2)
    monkeypatch.setattr(exports, "MOST_PAGES", 1)
    for minute in range(3):
        RequestRecordFactory(api_key=key, occurred_at=NOON + timedelta(minutes=minute))
    assert [row["occurred_at"] for row in rows(support.post(EXPORT, {"time": "all"}))][2:] == [exports.STOPPED]


def test_a_filter_that_cannot_be_read_exports_and_records_nothing(support):
    answer = support.post(EXPORT, {"status": "nothing"})
    assert (answer.status_code, "Select a valid choice." in answer.text) == (200, True)
    assert not ChangeEvent.objects.filter(action=Action.EXPORTED).exists()


def test_an_export_needs_the_permission_a_form_and_a_fresh_password(support, key):
    assert (signed_in(None).post(EXPORT).status_code, support.get(EXPORT).status_code) == (403, 405)
    make_stale(support)
    assert "Confirm your password" in support.post(EXPORT).text


@pytest.mark.parametrize(("query", "shown"), [("?time=all", True), ("?route=documents.audio", False)])
def test_the_list_offers_the_file_where_there_is_something_in_it(support, key, query, shown):
    RequestRecordFactory(api_key=key)
    assert (f'action="{EXPORT}"' in support.get(LIST + query).text) is shown


def test_the_chart_is_of_the_key_or_organization_that_is_asked_for(support, key, organization):
    for each in (key, issue(organization)[0], issue(OrganizationFactory())[0]):
        RequestRecordFactory(api_key=each, occurred_at=timezone.now())
    queries = ("", f"?organization={organization.public_id}", f"?key={key.public_id}")
    assert [support.get(LIST + query).context["usage"].total.served for query in queries] == [3, 2, 1]


@pytest.mark.parametrize(("query", "span"), [("", "24h"), ("?time=30d", "30d"), ("?time=30d&usage=7d", "7d")])
def test_the_chart_is_of_the_time_that_is_asked_for(support, query, span):
    assert support.get(LIST + query).context["usage"].span.name == span


@pytest.mark.parametrize("query", ["?route=encounters.list", "?status=200", "?code=refused", "?time=all", "?time=own"])
def test_no_chart_counts_calls_that_the_filters_leave_out(support, key, query):
    RequestRecordFactory(api_key=key, occurred_at=timezone.now())
    page = support.get(LIST + query)
    assert page.context["usage"] is None
    assert '<svg class="chart"' not in page.text


def test_a_key_of_another_organization_has_no_chart(support, key):
    query = f"?key={key.public_id}&organization={OrganizationFactory().public_id}"
    assert support.get(LIST + query).context["usage"] is None


def test_a_bar_leads_to_its_calls_of_the_same_key(support, key):
    RequestRecordFactory(api_key=key, occurred_at=timezone.now())
    assert f'<a href="?key={key.public_id}&amp;time=own&amp;start=' in support.get(f"{LIST}?key={key.public_id}").text
