"""Answers of the API as partners paste them."""

import pytest

from partners.catalogue.reasons import Reason
from partners.diagnosis.answers import find_answer
from tests.factories import RequestRecordFactory
from tests.partners.support.staff import signed_in

BODY = '{"error":"access_denied","reason_code":"missing_scope","message":"…","field":null}'
REQUEST_ID = "req_0123456789abcdefABCDEF"
DIAGNOSIS = "/admin/diagnosis/"


@pytest.mark.parametrize(
    ("text", "request_id"),
    [
        (BODY, None),
        (f"HTTP/1.1 403 Forbidden\nX-Request-ID: {REQUEST_ID}\n\n{BODY}", REQUEST_ID),
        (BODY.replace('"', "'").replace(":", " : "), None),
        (f"Error: 403 {BODY} at main.js:3", None),
    ],
)
def test_a_refusal_is_read_from_its_body(text, request_id):
    found = find_answer(text)
    assert (found.reason, found.request_id) == (Reason.MISSING_SCOPE, request_id)


@pytest.mark.parametrize("text", ["", "reason_code", '{"reason_code": "no_such_code"}', '{"reason_code": null}'])
def test_other_texts_are_no_refusal(text):
    assert find_answer(text) is None


def test_a_pasted_body_leads_to_its_reason_code(support):
    page = support.post(DIAGNOSIS, {"credentials": "", "request": BODY}, follow=True)
    assert page.redirect_chain[-1][0] == "/admin/reasons/missing_scope/"
    assert "This is what the pasted answer means." in page.text


def test_a_pasted_answer_with_its_request_id_leads_to_the_diagnosis_of_its_call(support, key):
    record = RequestRecordFactory(api_key=key, status=403, reason_code="missing_scope")
    page = support.post(DIAGNOSIS, {"request": f"X-Request-ID: {record.request_id}\n\n{BODY}"}, follow=True)
    assert page.redirect_chain[-1][0] == f"{DIAGNOSIS}?call={record.request_id}"
    assert page.status_code == 200


def test_without_a_role_nothing_is_explained(db):
    assert signed_in(None).post(DIAGNOSIS, {"request": BODY}).status_code == 403
