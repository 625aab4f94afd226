"""A leaked key in a browser: found in a text, reported, and what it read."""

import pytest

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

PAGE, LIST = "/admin/leaks/", "/external/v1/encounters?limit=5"


@pytest.fixture(scope="module")
def token(site):
    """A key of its own, which has read five encounters."""
    organization = site.rows["organization"]["public_id"]
    scopes = "encounters:read", "patients:read", "documents:read"
    issued = ["issue_key", "--organization", organization, "--label", "Leaked", "--scope", *scopes]
    token = site.deployment.report(*issued)["token"]
    site.remember_secret(token)
    assert site.deployment.get(LIST, token=token).status == 200
    return token


def look(page):
    found = [*axe.violations(page), *keyboard.faults(page), *keyboard.unlabelled(page), *keyboard.sideways(page)]
    assert not found, listed(page, found)


def search(staff, token, **appearance):
    page = staff.page("security", **appearance)
    staff.visit(page, PAGE)
    page.get_by_label("Text").fill(f"export CHARTERO_KEY={token}\n")
    page.get_by_role("button", name="Find keys").click()
    staff.calm(page)
    assert page.get_by_text("1 key found in the text.").is_visible()
    return page


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_keys_in_a_text_and_what_one_read_are_accessible(staff, token, width, dark):
    page = search(staff, token, width=width, dark=dark)
    look(page)
    assert token[18:] not in page.content()
    page.get_by_role("link", name="in detail").click()
    look(page)
    page.get_by_label("Reason").fill("Notice of a breach")
    page.get_by_role("button", name="Show what it read").click()
    staff.calm(page)
    assert page.get_by_role("heading", name="5 encounters").is_visible()
    look(page)


def test_a_key_is_reported_and_its_page_says_so(staff, token):
    page = search(staff, token)
    page.get_by_label("Where it was found").fill("https://git.example.com/commit/1")
    page.get_by_label("Reason").fill("A scanner told us")
    page.get_by_role("button", name="Report as leaked").click()
    staff.calm(page)
    assert page.get_by_text("is reported as leaked").is_visible()
    page.get_by_role("region", name="Reported leaks").get_by_role("link").first.click()
    staff.calm(page)
    look(page)
    page.get_by_text("A message for the partner").click()
    assert page.get_by_text("Please never send an API key by e-mail.").is_visible()
    look(page)
