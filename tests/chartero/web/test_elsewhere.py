"""Where staff pages and the API run apart, no process answers what the others serve."""

import pytest
from django.conf import settings as deployment
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.urls import get_resolver

from chartero.paths import ALL, PARTNERS, STAFF, is_served
from chartero.web import elsewhere
from tests.api import Api
from tests.published import check

LIST = "/external/v1/encounters"
OF_STAFF = ("/admin/", "/admin", "/admin/login/", "/admin/partners/apikey/", "/signin/code/", "/signin/", "/signin")
OF_PARTNERS = (LIST, "/external", "/external/", "/external/v1/nowhere", "/media/audio/signed", "/collect/")
OF_BOTH = ("/", "/docs/", "/openapi/v1/openapi.json", "/static/partners/staff.css", "/administration/")


@pytest.fixture(autouse=True)
def told(monkeypatch):
    monkeypatch.setattr(elsewhere, "TOLD", elsewhere.Told())


def served(path, serves):
    return is_served(RequestFactory().get(path), serves)


def test_each_kind_of_process_serves_its_part():
    assert [served(path, PARTNERS) for path in OF_STAFF + OF_PARTNERS + OF_BOTH] == [False] * 7 + [True] * 11
    assert [served(path, STAFF) for path in OF_STAFF + OF_PARTNERS + OF_BOTH] == [True] * 7 + [False] * 6 + [True] * 5
    assert all(served(path, ALL) for path in OF_STAFF + OF_PARTNERS + OF_BOTH)


def test_every_page_with_a_session_is_for_staff():
    prefixes = {str(each.pattern) for each in get_resolver().url_patterns if getattr(each, "namespace", "") != "docs"}
    public = {"external/v1/", r"\Aexternal(?:/[\s\S]*)?\Z", "media/audio/<str:signed>", "openapi/v1/openapi.json"}
    public |= {".well-known/security.txt", "", "secret-scanning/github", "collect/"}
    assert prefixes - public == {"admin/", "signin/"}


@pytest.mark.parametrize("path", OF_STAFF)
def test_a_process_for_partners_has_no_staff_page_and_asks_no_database(client, settings, path):
    settings.SERVES = PARTNERS
    for answer in (client.get(path), client.post(path, {"username": "a", "password": "b"})):
        assert answer.status_code == 404
        assert "This server doesn't have this page." in answer.text
        assert not answer.cookies
        assert "default-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", [path for path in OF_PARTNERS if path.startswith("/external")])
def test_a_process_for_staff_answers_no_call_and_asks_no_database(client, settings, method, path):
    settings.SERVES = STAFF
    answer = getattr(client, method)(path, headers={"Authorization": "Bearer ch_sk_invented"})
    assert (answer.status_code, answer.json()["reason_code"]) == (503, "service_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert answer["X-Request-ID"].startswith("req_")
    check(method.upper(), path, answer.status_code, dict(answer.headers), answer.content)


def test_a_process_for_staff_reads_no_key(token, settings, django_assert_num_queries):
    settings.SERVES = STAFF
    with django_assert_num_queries(0):
        assert Api(token).get().status_code == 503


def test_a_process_for_staff_sends_no_recording(client, settings):
    settings.SERVES = STAFF
    assert client.get("/media/audio/signed").status_code == 404


def lines(caplog):
    return [record for record in caplog.records if record.name == "chartero.web.elsewhere"]


def test_the_operator_reads_of_it_once_a_minute(client, settings, caplog, monkeypatch):
    settings.SERVES = STAFF
    for _ in range(3):
        client.get(LIST)
    assert [(record.levelname, "the proxy" in record.message) for record in lines(caplog)] == [("ERROR", True)]
    monkeypatch.setattr(elsewhere, "TOLD_AGAIN", -1)
    elsewhere.TOLD = elsewhere.Told()
    for _ in range(2):
        client.get(LIST)
    assert len(lines(caplog)) == 3


@pytest.mark.parametrize("serves", [PARTNERS, STAFF])
def test_the_demonstration_serves_everything(settings, serves):
    settings.SERVES = serves
    with pytest.raises(CommandError, match="Unset CHARTERO_SERVES"):
        call_command("demo", "--no-serve")


def test_everything_is_served_unless_a_deployment_says_otherwise():
    assert deployment.SERVES == ALL
