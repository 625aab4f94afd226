"""The record of a call: its request line, whether its query is on record, and why it was refused."""

import pytest
from django.db import connection

from partners.catalogue.reasons import Reason
from partners.catalogue.remedies import REMEDIES
from partners.diagnosis.request_lines import RequestLine
from partners.partitions.present import LEDGER, partitions
from tests.factories import RequestRecordFactory, issue

pytestmark = pytest.mark.django_db
ENCOUNTER, DOCUMENT = "enc_" + "0" * 22, "doc_" + "1" * 22


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "GET /external/v1/encounters?limit=50&offset=0&sort_order=desc"),
        ({"method": "HEAD", "query": ""}, "HEAD /external/v1/encounters"),
        ({"method": "other", "query": ""}, "OTHER /external/v1/encounters"),
        (
            {"route": "encounters.detail", "resource": ENCOUNTER, "query": ""},
            f"GET /external/v1/encounters/{ENCOUNTER}",
        ),
        ({"route": "encounters.detail", "resource": "?", "query": ""}, "GET /external/v1/encounters/{not-an-id}"),
        (
            {"route": "documents.transcript", "resource": f"?/{DOCUMENT}", "query": ""},
            f"GET /external/v1/encounters/{{not-an-id}}/documents/{DOCUMENT}/transcript",
        ),
        ({"route": "", "resource": "/external/v1/encounter/", "query": ""}, "GET /external/v1/encounter/"),
        ({"route": "", "resource": "/external/?/?", "query": ""}, "GET /external/{not-kept}/{not-kept}"),
    ],
)
def test_the_call_is_told_as_a_request_line_that_can_be_read_again(organization, values, line):
    record = RequestRecordFactory(api_key=issue(organization)[0], **values)
    assert record.request_line == line
    assert RequestLine.parse(line).method == record.method.upper()


@pytest.mark.parametrize(
    ("code", "query", "known"),
    [
        ("", "limit=50", True),
        ("", "", True),
        ("encounter_not_found", "", True),
        ("invalid_limit", "", False),
        ("missing_scope", "", False),
        ("revoked_key", "", False),
        ("method_not_allowed", "", False),
        ("internal_error", "", False),
        ("service_unavailable", "limit=50", True),
    ],
)
def test_a_query_is_on_record_where_it_was_read_and_valid(organization, code, query, known):
    record = RequestRecordFactory(api_key=issue(organization)[0], reason_code=code, query=query)
    assert record.query_known is known


def test_a_refusal_has_its_reason_and_its_remedy(organization):
    key = issue(organization)[0]
    served, refused = RequestRecordFactory(api_key=key), RequestRecordFactory(api_key=key, reason_code="missing_scope")
    assert (served.reason, served.remedy) == (None, None)
    assert (refused.reason, refused.remedy) == (Reason.MISSING_SCOPE, REMEDIES[Reason.MISSING_SCOPE])
    assert str(refused) == refused.request_id


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compiles a check once")
def test_no_check_and_no_foreign_key_slows_a_call():
    tables = [LEDGER, *(each.name for each in partitions(connection))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype NOT IN ('p', 'u') AND conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        assert cursor.fetchall() == []
