"""No secret outlives the browser tests, and the search for it would find one."""

import pytest
from django.core import signing

from partners.keys import tokens
from tests.browser.sweep import sweep

# Where no page shows it: a token that a page shows is one of the suite's own secrets.
IN_A_TABLE = """
from django.contrib.sessions.models import Session; from django.utils import timezone
Session.objects.create(session_key='{secret}'[:40], session_data='', expire_date=timezone.now())
"""
IN_A_SESSION = """
from django.contrib.sessions.backends.db import SessionStore
session = SessionStore(); session['note'] = 'a' * 2000 + '{secret}'; session.create()
"""


@pytest.fixture
def secret() -> str:
    return tokens.mint(is_test=False).text


@pytest.mark.parametrize(
    ("code", "column"),
    [(IN_A_TABLE, "column django_session.session_key"), (IN_A_SESSION, "column django_session.session_data")],
)
def test_a_secret_in_the_database_is_found(site, secret, code, column):
    assert sweep(site.deployment, [secret]) == []
    site.deployment.manage("shell", "--no-imports", "-c", code.format(secret=secret))
    assert column in sweep(site.deployment, [secret])


def test_half_a_secret_in_the_log_is_found(site, secret):
    with site.deployment.log.open("a") as log:
        log.write(f"refused {secret[:40]}\n")
    assert sweep(site.deployment, [secret]) == ["file server.log"]


def test_a_secret_in_a_cookie_of_messages_is_found(site, secret):
    cookie = signing.dumps([f"Issued {secret}", "again " * 50], compress=True)
    assert sweep(site.deployment, [secret], [("cookie messages", cookie)]) == ["cookie messages"]


def test_a_token_that_a_page_shows_is_looked_for(site, planted, secret):
    planted(f"<p>Copy it now: <code>{secret}</code></p>")
    assert secret in site.secrets


def test_the_traces_of_a_browser_hold_its_cookies_and_its_history(site):
    page = site.page("support")
    page.goto("/admin/?asked=for")
    cookie = next(each for each in page.context.cookies() if each["name"] == "sessionid")
    site.close(page)
    assert sweep(site.deployment, ["asked=for"], site.traces) == ["history of the browser"]
    assert "cookie sessionid" in sweep(site.deployment, [cookie["value"]], site.traces)


def test_no_secret_of_the_suite_was_kept(site):
    assert len(site.secrets) > len(site.passwords)
    assert site.deployment.log.stat().st_size > 0
    assert {"column auth_user.password", "file server.log"} <= set(sweep(site.deployment, [""]))
    assert sweep(site.deployment, site.secrets, site.traces) == []
