"""A token is shown once, in the answer to the form that made it, to who may make keys, and kept nowhere."""

import logging
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from partners.admin.keys import issuing
from partners.models import ApiKey, ChangeEvent, FormUse
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.key_pages import ISSUE, KEYS, READS, TOKEN, issue_form, nonce_of, rotate_form, rotate_page
from tests.partners.support.staff import make_stale, signed_in
from tests.stopwatch import running

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped_lifetimes")]


@pytest.fixture
def asked(onboarding, organization) -> dict:
    return issue_form(onboarding, organization)


@pytest.fixture
def key(organization) -> ApiKey:
    return issue(organization, expires_at=timezone.now() + timedelta(days=30))[0]


@pytest.mark.parametrize(
    ("role", "status"), [(None, 403), ("Support", 403), ("Partner onboarding", 200), ("Security", 200)]
)
@pytest.mark.parametrize("page", ["issue", "rotate"])
def test_onboarding_and_security_make_keys(role, status, page, key):
    client, path = signed_in(role), ISSUE if page == "issue" else rotate_page(key)
    assert client.get(path).status_code == status
    assert client.post(path).status_code == status
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("page", ["issue", "rotate"])
def test_a_stale_password_is_asked_for_first(onboarding, asked, key, page):
    path, data = (ISSUE, asked) if page == "issue" else (rotate_page(key), rotate_form(onboarding, key))
    make_stale(onboarding)
    assert onboarding.get(path).headers["Location"].startswith("/signin/password/")
    assert "Confirm your password" in onboarding.post(path, data).text
    assert ApiKey.objects.count() == 1
    assert TOKEN.search(onboarding.post(path, data | {"proof_of_password": "invented"}).text)


def kept(client: Client, caplog) -> str:
    """Return all that is kept of the pages: log, session, cookies, messages, history and every table's rows."""
    entries = [*LogEntry.objects.values(), *ChangeEvent.objects.values(), *FormUse.objects.values()]
    return f"{caplog.text} {dict(client.session.items())} {client.cookies} {entries} {[*ApiKey.objects.values()]}"


@pytest.mark.parametrize("page", ["issue", "rotate"])
def test_the_token_is_in_the_answer_and_nowhere_else(onboarding, asked, key, page, caplog):
    path, data = (ISSUE, asked) if page == "issue" else (rotate_page(key), rotate_form(onboarding, key))
    with caplog.at_level(logging.DEBUG):
        answer = onboarding.post(path, data)
        token = TOKEN.search(answer.text)[0]
        after = onboarding.get(f"{KEYS}{ApiKey.objects.order_by('-pk')[0].pk}/change/").text + onboarding.get(KEYS).text
    assert answer.status_code == 200
    assert token not in str(answer.headers) + after + kept(onboarding, caplog)
    assert token[18:61] not in after + kept(onboarding, caplog)


def test_the_answer_is_not_cached_and_sends_no_referrer(onboarding, asked):
    answer = onboarding.post(ISSUE, asked)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r'<meta name="referrer" content="([a-z-]+)">', answer.text)[-1] == "no-referrer"
    assert "<form" not in answer.text


@pytest.mark.parametrize(
    ("base_url", "origin"), [("", "http://testserver"), ("https://api.example.com/", "https://api.example.com")]
)
def test_a_curl_line_is_ready(onboarding, asked, settings, base_url, origin):
    settings.BASE_URL = base_url
    text = onboarding.post(ISSUE, asked).text
    token = TOKEN.search(text)[0]
    assert (
        f"curl -H &#x27;Authorization: Bearer {token}&#x27; &#x27;{origin}/external/v1/encounters?limit=1&#x27;"
        in text.replace("'", "&#x27;")
    )


def test_copying_is_spoken(onboarding, asked):
    text = onboarding.post(ISSUE, asked).text
    for name in ("token", "curl"):
        assert f'data-copy="{name}"' in text
        assert f'<span id="{name}-copied" role="status">' in text


@pytest.mark.parametrize("page", ["issue", "rotate"])
def test_a_form_that_is_sent_again_shows_the_key_and_no_token(onboarding, asked, key, page):
    path, data = (ISSUE, asked) if page == "issue" else (rotate_page(key), rotate_form(onboarding, key))
    onboarding.post(path, data)
    made = ApiKey.objects.order_by("-pk")[0]
    again = onboarding.post(path, data).text
    assert "You already submitted this form, and the key was issued." in again
    assert f'href="{KEYS}{made.pk}/change/"' in again
    assert not TOKEN.search(again)
    assert ApiKey.objects.count() == 2


def test_a_form_sent_twice_says_what_to_do_if_the_key_was_not_copied(onboarding, asked):
    onboarding.post(ISSUE, asked)
    made = ApiKey.objects.get()
    assert "rotate it without an overlap" in onboarding.post(ISSUE, asked).text
    made.rotate(CHANGE)
    assert "rotate its successor" in onboarding.post(ISSUE, asked).text


def test_a_page_that_cannot_be_shown_issues_nothing(onboarding, asked, monkeypatch):
    monkeypatch.setattr(issuing.forecasting.Forecast, "passes", property(lambda forecast: 1 // 0))
    with pytest.raises(ZeroDivisionError):
        onboarding.post(ISSUE, asked)
    assert not ApiKey.objects.exists()
    assert not FormUse.objects.exists()


def sent(client: Client, path: str, data: dict) -> str:
    """Return the answer; try again where SQLite's database in memory is locked, or if the machine stood still."""
    with running() as watch:
        answer = client.post(path, data)
    busy, until = connection.vendor == "sqlite" or watch.lost, time.monotonic() + 60
    while answer.status_code == 503 and busy and time.monotonic() < until:
        time.sleep(0.001)
        answer = client.post(path, data)
    BaseDatabaseWrapper.close(connection)  # also one to a database in memory, which Django would leave open
    return answer.text


@pytest.fixture
def ten(committed) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(10) as pool:
        yield pool


def browsers(client: Client) -> list[Client]:
    """Return ten clients that are the same browser. One client's exception would be raised in all."""
    clients = [Client(raise_request_exception=False) for _ in range(10)]
    for each in clients:
        each.cookies = client.cookies
    return clients


@pytest.mark.parametrize("page", ["issue", "rotate"])
def test_ten_parallel_submits_are_one_key_and_one_showing(ten, page):
    onboarding, partner = signed_in("Partner onboarding"), OrganizationFactory()
    old, _ = issue(partner, expires_at=timezone.now() + timedelta(days=30))
    asked = {"organization": partner.name, "label": "EHR sync", "scopes": READS, "lifetime": "90", "step": "issue"}
    path, data = (ISSUE, asked) if page == "issue" else (rotate_page(old), {"overlap": "24"})
    data["nonce"] = nonce_of(onboarding.get(path))
    texts = list(ten.map(partial(sent, path=path, data=data), browsers(onboarding)))
    assert ApiKey.objects.count() == 2
    assert FormUse.objects.count() == 1
    assert sum(bool(TOKEN.search(text)) for text in texts) == 1
    assert sum("You already submitted this form, and the key was issued." in text for text in texts) == 9
