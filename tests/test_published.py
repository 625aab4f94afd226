"""The check of every answer notices what the published document does not say."""

import json

import pytest
from django.test import Client

from chartero.openapi import examples
from partners.api.responses import error_body, error_headers
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route
from tests import published
from tests.api import LIST

ONE = f"{LIST}/x"
HEADERS = {
    "Content-Type": "application/json",
    "X-Request-ID": "req_" + "0" * 22,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
PAGE = examples.BODIES[Route.ENCOUNTERS_LIST]
ENCOUNTER = PAGE["items"][0]


def check(path=LIST, status=200, body=PAGE, method="GET", headers=None):
    published.check(method, path, status, HEADERS | (headers or {}), b"" if body is None else json.dumps(body))


def page(**changes):
    return PAGE | {"items": [ENCOUNTER | changes]}


def test_what_is_published_passes():
    check()
    check(method="HEAD", body=None)
    check(body=page(patient=None, date_of_service=None, documents=[]))
    for reason in (Reason.INVALID_LIMIT, Reason.MISSING_BEARER, Reason.INTERNAL_ERROR, Reason.SERVICE_UNAVAILABLE):
        check(status=reason.status, body=error_body(reason), headers=error_headers(reason))


def test_a_path_that_is_no_route_has_its_own_codes():
    check("/external/nowhere", 404, error_body(Reason.ROUTE_NOT_FOUND), "POST")
    with pytest.raises(AssertionError, match="encounter_not_found is undocumented"):
        check("/external/nowhere", 404, error_body(Reason.ENCOUNTER_NOT_FOUND))


@pytest.mark.parametrize(
    "body",
    [
        PAGE | {"next": None},
        page(note="x"),
        page(patient=ENCOUNTER["patient"] | {"sex": "f"}),
        page(documents=[ENCOUNTER["documents"][0] | {"content": "x"}]),
        {key: PAGE[key] for key in ("items", "limit", "offset")},
        page(status=None),
        page(status="begun"),
        page(created_at="2026-05-25T14:00:00+00:00"),
        page(created_at="2026-05-25T14:00:00.120Z"),
        page(encounter_id="1"),
        page(patient=ENCOUNTER["patient"] | {"date_of_birth": "1970-02-30"}),
        page(documents=None),
        PAGE | {"total": "1"},
    ],
)
def test_a_body_that_is_not_as_published(body):
    with pytest.raises(AssertionError, match="is not as published"):
        check(body=body)


def test_a_document_with_the_keys_of_the_other_type():
    note = examples.BODIES[Route.DOCUMENTS_DETAIL]["document"]
    path = f"{ONE}/documents/y"
    check(path, body={"document": note})
    for wrong in (note | {"audio_duration_seconds": 1.0}, note | {"schema_type": "ambient_transcript"}):
        with pytest.raises(AssertionError, match="is not as published"):
            check(path, body={"document": wrong})


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (LIST, 422, error_body(Reason.UNSUPPORTED_FILTER)),
        (LIST, 400, error_body(Reason.UNSUPPORTED_DOCUMENT_TYPE)),
        (ONE, 404, error_body(Reason.DOCUMENT_NOT_FOUND)),
        (ONE, 404, error_body(Reason.ENCOUNTER_NOT_FOUND) | {"reason_code": "gone"}),
    ],
)
def test_a_code_that_a_route_does_not_have_for_the_status(path, status, body):
    with pytest.raises(AssertionError, match=f"{body['reason_code']} is undocumented for {path} {status}"):
        check(path, status, body)


@pytest.mark.parametrize("change", [{"hint": "x"}, {"error": "refused"}, {"field": 1}])
def test_a_refusal_that_is_not_as_published(change):
    with pytest.raises(AssertionError, match="is not as published"):
        check(LIST, 422, error_body(Reason.INVALID_LIMIT) | change)


@pytest.mark.parametrize(("path", "status"), [(LIST, 201), (LIST, 404), (ONE, 422), (ONE, 304)])
def test_an_undocumented_status(path, status):
    with pytest.raises(AssertionError, match="undocumented"):
        check(path, status, PAGE)


@pytest.mark.parametrize(("path", "method"), [(LIST, "POST"), ("/external/nowhere", "GET")])
def test_what_must_not_be_served(path, method):
    with pytest.raises(AssertionError, match="must not be served"):
        check(path, method=method)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"X-Served-By": "x"}, "undocumented headers"),
        ({"X-Request-ID": "mine"}, "X-Request-ID: mine"),
        ({"Cache-Control": "private"}, "Cache-Control: private"),
        ({"Content-Type": "text/html"}, "undocumented type"),
    ],
)
def test_a_header_that_is_not_as_published(change, says):
    with pytest.raises(AssertionError, match=says):
        check(headers=change)


def test_a_header_that_is_missing():
    for name in [name for name in HEADERS if name != "Content-Type"]:
        with pytest.raises(AssertionError, match=f"{name} is missing"):
            published.check("GET", LIST, 200, {key: HEADERS[key] for key in HEADERS if key != name}, json.dumps(PAGE))
    with pytest.raises(AssertionError, match="WWW-Authenticate is missing"):
        check(status=401, body=error_body(Reason.INVALID_KEY))


def test_a_head_with_a_body():
    with pytest.raises(AssertionError, match="no body"):
        check(method="HEAD")


def test_the_test_client_is_checked(db, monkeypatch):
    body = error_body(Reason.MISSING_BEARER) | {"hint": "x"}
    monkeypatch.setattr("partners.api.responses.error_body", lambda reason, field=None: body)
    with pytest.raises(AssertionError, match="is not as published"):
        Client().get(LIST)
