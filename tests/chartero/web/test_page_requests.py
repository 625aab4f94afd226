"""Requests that no page can read, and redirects that nothing could follow."""

import logging
from io import BytesIO

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from chartero.web.page_requests import LONGEST_QUERY, LONGEST_REDIRECT, Utf8Request
from chartero.wsgi import application

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
SIGN_IN = "/admin/login/"
CHARSETS = ["iso-8859-1", "us-ascii", "utf-7", "utf-16", "base64", "klingon", "undefined", "x\x00y"]


@pytest.fixture
def stranger(monkeypatch) -> Client:
    """Somebody who is not signed in, and whose forms need what they need from a browser."""
    monkeypatch.setattr("django.test.client.WSGIRequest", Utf8Request)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = "a" * 32
    return client


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", [SIGN_IN, "/docs/", "/"])
def test_a_form_in_another_charset_is_refused_kindly(stranger, path, charset):
    answer = stranger.generic("POST", path, b"a=1", content_type=f"{FORM}; charset={charset}")
    assert answer.status_code == 415
    assert "couldn't understand this request" in answer.text


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"'])
def test_utf8_is_read_by_any_of_its_names(admin_client, monkeypatch, charset):
    monkeypatch.setattr("django.test.client.WSGIRequest", Utf8Request)
    answer = admin_client.generic("POST", "/admin/partners/apikey/find/", "q=É".encode(), f"{FORM}; charset={charset}")
    assert answer["Location"].endswith("?q=%C3%89")


@pytest.mark.parametrize(
    "content_type", ["text/plain; charset=base64", "text/plain; charset=utf-8", "a; b*=klingon''c"]
)
@pytest.mark.parametrize("path", ["/external/v1/encounters", "/docs/", SIGN_IN])
def test_no_content_type_fails_before_anything_can_answer(path, content_type):
    """Django reads the query while it makes the request, by the charset that a header names."""
    environ = RequestFactory()._base_environ(PATH_INFO=path, CONTENT_TYPE=content_type, QUERY_STRING="&" * 1_100)
    statuses = []
    application(environ | {"wsgi.input": BytesIO()}, lambda status, headers: statuses.append(status[:3]))
    assert statuses[0] in ({"401"} if "external" in path else {"400", "415"})


@pytest.mark.parametrize("text", ["%00", "a%00b"])
@pytest.mark.parametrize("path", [SIGN_IN, "/docs/"])
def test_a_nul_in_a_query_or_a_form_is_refused(stranger, path, text):
    assert stranger.get(f"{path}?q={text}").status_code == 400
    assert stranger.generic("POST", path, f"q={text}".encode(), FORM).status_code == 400


@pytest.mark.parametrize("path", ["/docs/%00/", "/admin/partners/apikey/%00/change/", "/static/%00", "/%00"])
def test_a_nul_in_a_path_is_not_found(stranger, path):
    answer = stranger.get(path)
    assert (answer.status_code, "Page not found" in answer.text) == (404, True)


@pytest.mark.parametrize("cookie", [r'"\000aaaaaaaaa"', r'"a\000"'])
def test_a_cookie_with_a_nul_is_ignored(stranger, cookie):
    answer = stranger.get(SIGN_IN, HTTP_COOKIE=f"sessionid={cookie}; csrftoken={cookie}; messages={cookie}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"&".join(b"f%d=1" % number for number in range(1_100)), 400),
        (b"q=" + b"a" * 3_000_000, 413),
        (b"q=%ED%A0%80", 403),
    ],
)
def test_a_body_that_is_too_large_logs_no_error(stranger, caplog, body, status):
    assert stranger.generic("POST", SIGN_IN, body, FORM).status_code == status
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("query", ["&" * 3_000, "q=" + "%26" * LONGEST_QUERY])
def test_a_query_that_no_redirect_could_carry_is_refused(stranger, query):
    assert stranger.get(f"/admin/?{query}").status_code == 400


def test_a_redirect_is_no_longer_than_servers_read(stranger):
    assert stranger.get(f"/admin/?{'q=%26&' * (LONGEST_QUERY // 7)}")["Location"] == SIGN_IN
    assert stranger.get("/admin/?q=1")["Location"] == f"{SIGN_IN}?next=/admin/%3Fq%3D1"


def test_a_redirect_of_a_path_too_long_leads_home(stranger):
    assert stranger.get(f"/docs/{'a' * LONGEST_REDIRECT}")["Location"] == "/"


@pytest.mark.parametrize("path", ["/docs/", "/docs/errors/", "/docs/sync.py", "/openapi/v1/openapi.json"])
def test_pages_for_all_answer_a_form_as_any_other_method(stranger, path):
    answer = stranger.post(path, {"a": "1"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_pages_for_staff_still_ask_where_a_form_comes_from(stranger):
    assert stranger.post(reverse("admin:login"), {"username": "a"}).status_code == 403
