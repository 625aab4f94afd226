"""Plain http where https is required, and what the pages say where a proxy and the deployment disagree."""

import re

import pytest
from django.test import Client

from chartero import health
from partners.models import RequestRecord
from tests.api import LIST, Api
from tests.factories import issue

YEAR = 365 * 24 * 3600
PROXIED = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
SIGN_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def in_production(settings):
    settings.REQUIRE_HTTPS, settings.SECURE_HSTS_SECONDS = True, YEAR


@pytest.fixture
def behind_a_proxy(settings):
    settings.BEHIND_PROXY, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize("path", [LIST, f"{LIST}/", "/external/nowhere"])
def test_a_call_over_plain_http_is_refused_before_all_else(organization, path):
    for token in (None, "x", issue(organization)[1]):
        assert Api(token).refusal(path) == (403, "https_required", None)


def test_a_key_that_was_sent_in_clear_is_on_record(organization):
    key, token = issue(organization)
    answer = Api(token).get(LIST)
    record = RequestRecord.objects.get(request_id=answer["X-Request-ID"])
    assert (record.api_key, record.reason_code, record.count) == (key, "https_required", 0)


def test_a_call_over_https_is_served_and_told_to_stay_there(token):
    answer = Client().get(LIST, HTTP_AUTHORIZATION=f"Bearer {token}", secure=True)
    assert answer.status_code == 200
    assert answer["Strict-Transport-Security"] == f"max-age={YEAR}"


@pytest.mark.parametrize(("scheme", "status"), [("https", 200), ("http", 403), ("", 403)])
def test_behind_a_proxy_its_word_decides(token, behind_a_proxy, scheme, status):
    assert Client().get(LIST, HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_X_FORWARDED_PROTO=scheme).status_code == status


def test_without_a_proxy_forwarded_headers_are_ignored(token):
    assert Client().get(LIST, HTTP_AUTHORIZATION=f"Bearer {token}", **PROXIED).status_code == 403


def test_where_something_else_requires_https_nothing_is_refused(token, settings):
    settings.REQUIRE_HTTPS = False
    answer = Client().get(LIST, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert (answer.status_code, "Strict-Transport-Security" in answer) == (200, False)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_over_plain_http(db, client, monkeypatch, path):
    monkeypatch.setitem(health.PROBES, "/readyz", lambda: True)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", [SIGN_IN, "/admin/", "/docs/", "/openapi/v1/openapi.json", "/", "/media/audio/x"])
def test_a_page_over_plain_http_is_refused_and_says_why(client, db, path):
    answer = client.get(path)
    assert (answer.status_code, "Location" in answer) == (403, False)
    assert "This page requires HTTPS" in answer.text
    assert "Content-Security-Policy" in answer


def test_a_page_over_https_is_told_to_stay_there(client, db):
    assert client.get(SIGN_IN, secure=True)["Strict-Transport-Security"] == f"max-age={YEAR}"


def told(answer) -> str:
    assert answer.status_code == 403
    return re.sub(r"<[^>]+>|\s+", " ", answer.text)


def test_a_page_behind_an_unconfigured_proxy_says_what_to_set(client):
    page = told(client.get(SIGN_IN, **PROXIED))
    assert "CHARTERO_BEHIND_PROXY=1" in page
    assert "https:// in front" not in page


def test_a_page_behind_a_proxy_that_does_not_tell_the_scheme_says_so(client, behind_a_proxy):
    assert "Make the proxy send X-Forwarded-Proto" in told(client.get(SIGN_IN))


OURS = {"HTTP_ORIGIN": "https://testserver"}
ELSEWHERE = {"HTTP_ORIGIN": "https://testserver:8443"}


@pytest.mark.parametrize(
    ("sent", "check", "words"),
    [
        (PROXIED | OURS, "proxy_not_set", "Set CHARTERO_BEHIND_PROXY=1 and restart"),
        ({"HTTP_VIA": "1.1 front"}, "proxy_not_set", "Set CHARTERO_BEHIND_PROXY=1 and restart"),
        (OURS, "scheme_differs", "make the proxy send X-Forwarded-Proto: https"),
        ({"HTTP_ORIGIN": "http://testserver:8080"}, "host_differs", "set CHARTERO_BASE_URL to the address"),
    ],
)
def test_a_form_that_a_proxy_keeps_out_says_what_to_set(db, settings, caplog, sent, check, words):
    settings.REQUIRE_HTTPS = False
    page = told(Client(enforce_csrf_checks=True).post(SIGN_IN, {}, **sent))
    assert words in page
    assert "has expired" not in page
    assert [record.check for record in caplog.records if record.name == "chartero.web.proxy"] == [check]


@pytest.mark.parametrize(
    ("sent", "words"), [({}, "Make the proxy send X-Forwarded-Proto"), (ELSEWHERE, "CHARTERO_BASE_URL")]
)
def test_so_does_one_behind_a_proxy_that_is_set(db, settings, behind_a_proxy, sent, words):
    settings.REQUIRE_HTTPS = False
    scheme = {"HTTP_X_FORWARDED_PROTO": "https"} if sent else {}
    assert words in told(Client(enforce_csrf_checks=True).post(SIGN_IN, {}, **sent, **scheme))


@pytest.mark.parametrize("sent", [{}, {"HTTP_ORIGIN": "http://testserver"}, {"HTTP_ORIGIN": "null"}])
def test_a_form_without_its_token_was_open_too_long(db, settings, sent):
    settings.REQUIRE_HTTPS = False
    assert "This page has expired" in told(Client(enforce_csrf_checks=True).post(SIGN_IN, {}, **sent))


def test_the_address_that_is_set_may_send_forms(db, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://testserver:8443"]
    client = Client(enforce_csrf_checks=True)
    client.get(SIGN_IN, secure=True)
    form = {"csrfmiddlewaretoken": client.cookies["csrftoken"].value, "username": "x", "password": "x"}
    assert client.post(SIGN_IN, form, secure=True, **ELSEWHERE).status_code == 200
