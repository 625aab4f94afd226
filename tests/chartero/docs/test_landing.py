"""The root: where partners and staff go, and where to report a vulnerability. No session, no database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from chartero.web.content_policy import CONTENT_POLICY
from tests.browser.markup import forbidden

TEXT = "/.well-known/security.txt"


def test_partners_find_the_developer_pages_and_staff_the_sign_in(client):
    answer = client.get("/")
    assert (answer.status_code, "Location" in answer) == (200, False)
    for target in ('href="/docs/"', 'href="/docs/reference/"', 'href="/docs/errors/"', 'href="/admin/"'):
        assert target in answer.text


def test_the_page_is_the_same_for_all_and_keeps_nothing(client, admin_client):
    junk = {"Cookie": "sessionid=junk; messages=junk; csrftoken=junk"}
    answers = [client.get("/"), admin_client.get("/"), client.get("/", headers=junk)]
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_the_page_keeps_the_policy(client):
    answer = client.get("/")
    assert (answer["Content-Security-Policy"], answer["X-Frame-Options"]) == (CONTENT_POLICY, "DENY")
    assert forbidden(answer.text) == []


@pytest.mark.parametrize("path", ["/", TEXT])
def test_they_are_only_read(client, settings, path):
    settings.CONTACT_EMAIL = "api@example.com"
    assert client.head(path).status_code == 200
    assert {client.generic(method, path).status_code for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {405}


def test_the_contact_is_on_the_page_where_one_is_set(client, settings):
    assert "mailto:" not in client.get("/").text
    settings.CONTACT_EMAIL = "api@example.com"
    assert 'href="mailto:api@example.com"' in client.get("/").text


def test_the_page_says_nothing_of_a_key_to_who_may_have_none(client):
    assert "gave you your key" not in client.get("/").text


def test_without_a_contact_there_is_no_security_txt(client):
    assert client.get(TEXT).status_code == 404


def test_security_txt_names_a_contact_and_when_it_expires(client, settings, monkeypatch):
    settings.CONTACT_EMAIL, settings.BASE_URL = "api+safety@example.com", "https://api.example.com/"
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 5, 25, 23, 59, 59, 999, tzinfo=UTC))
    answer = client.get(TEXT)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "Contact: mailto:api+safety@example.com",
        "Expires: 2026-11-21T00:00:00Z",
        "Preferred-Languages: en",
        "Canonical: https://api.example.com/.well-known/security.txt",
    ]


def test_security_txt_always_lies_ahead_and_within_a_year(client, settings):
    settings.CONTACT_EMAIL, settings.BASE_URL = "api@example.com", ""
    lines = dict(line.split(": ", 1) for line in client.get(TEXT).text.splitlines())
    ahead = datetime.fromisoformat(lines["Expires"]) - timezone.now()
    assert timedelta(days=150) < ahead < timedelta(days=365)
    assert "Canonical" not in lines


def test_a_letter_that_a_uri_cannot_hold_is_escaped(client, settings):
    settings.CONTACT_EMAIL = "a%b&c@example.com"
    assert client.get(TEXT).text.startswith("Contact: mailto:a%25b%26c@example.com\n")
