"""What staff see of calls that were just made: on the first page, on a key's and on its organization's, by clicking."""

import re

import pytest

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE

LIST = "/external/v1/encounters"


@pytest.fixture
def called(site):
    """Call with the demonstration's key: two times served, three times refused alike."""
    for query in ("", "", "?limit=0", "?limit=0", "?limit=0"):
        site.deployment.get(LIST + query, token=site.token)


@pytest.fixture
def page(staff, called):
    """The first page, as support sees it after those calls."""
    page = staff.page("support")
    staff.visit(page, "/admin/")
    return page


def row(page, heading: str, words: str, more: str = ""):
    """Return the first row with these words in the section of this heading."""
    section = page.get_by_role("heading", name=heading, exact=True).locator("xpath=ancestor::section")
    return section.get_by_role("row").filter(has_text=words).filter(has_text=more).first


def test_from_the_first_page_to_why_a_call_fails(staff, page):
    refused = row(page, "Refused in the last 24 hours", "invalid_limit", "Demo run")
    refused.get_by_role("link", name=re.compile("^ch_sk_")).click()
    staff.calm(page)
    calls = page.locator("section", has=page.get_by_role("heading", name="Calls", exact=True))
    assert re.search(r"× \d+", calls.inner_text())
    assert calls.get_by_role("row", name=re.compile("^Served")).locator("svg").count() == 1
    calls.get_by_role("link", name="Why?").first.click()
    staff.calm(page)
    assert page.url.partition("?call=")[2].startswith("req_")
    assert "invalid_limit" in page.inner_text("main")


def test_a_number_leads_to_those_calls(staff, page):
    row(page, "Refused in the last 24 hours", "invalid_limit").get_by_role("link", name=re.compile(r"^[\d,]+$")).click()
    staff.calm(page)
    answers = page.get_by_role("row").filter(has_text="Refused, 422")
    assert answers.count() >= 1
    assert page.get_by_role("row").filter(has_text="Served").count() == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_numbers_and_bars_are_accessible(staff, called, width, dark):
    page = staff.page("support", width=width, dark=dark)
    staff.visit(page, "/admin/")
    row(page, "Refused in the last 24 hours", "invalid_limit").get_by_role("link").first.click()
    staff.calm(page)
    assert page.locator("svg rect.refused").count() >= 2
    assert axe.violations(page) == []
    assert keyboard.sideways(page) == []


def test_before_a_key_in_use_is_revoked_one_is_warned(staff, called):
    page = staff.page("security")
    staff.visit(page, "/admin/partners/apikey/?used=lately")
    page.get_by_role("row", name=re.compile("Demo run")).get_by_role("link", name=re.compile("^ch_sk_")).click()
    page.get_by_role("link", name="Revoke…").click()
    staff.calm(page)
    assert "This key is in use." in page.inner_text("main")
    assert axe.violations(page) == []
