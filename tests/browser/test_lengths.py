"""On a phone, no full page of a list is endless, and the developer pages fold what is long."""

import pytest

from chartero.docs.pages import Page
from tests.browser import inspection
from tests.browser.pages import PAGES, StaffPage
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

ERRORS = "/docs/errors/"
LOOKED_AT = [StaffPage(page.name, page.url, role=None) for page in Page if page is not Page.REFERENCE]
FULL = {
    "keys": 25,
    "organizations": 25,
    "users": 25,
    "encounters": 25,
    "requests": 20,
    "links": 25,
    "organization-keys": 20,
}
# The rows that are there, again and again, until the list has as many as a page of it can have.
FILL = """count => {
    const body = document.querySelector("table.rows tbody"), rows = [...body.rows];
    for (let at = 0; body.rows.length < count; at++) body.append(rows[at % rows.length].cloneNode(true));
}"""
OPEN = "[...document.querySelectorAll('.reason details[open]')].map(each => each.querySelector('h3').id)"


@pytest.mark.parametrize("each", LOOKED_AT, ids=lambda page: page.name)
def test_no_page_is_longer_than_a_reader_scrolls(look, each):
    page = look(each, width=NARROW)
    found = inspection.length(page)
    assert not found, listed(page, found)


@pytest.mark.parametrize(("name", "rows"), FULL.items())
def test_a_full_page_of_a_list_is_no_longer(look, name, rows):
    page = look(next(each for each in PAGES if each.name == name), width=NARROW)
    page.evaluate(FILL, rows)
    found = inspection.length(page)
    assert not found, listed(page, found)


def test_on_a_phone_the_filters_of_keys_fold_until_they_are_used(staff):
    page = staff.page("support", width=NARROW)
    staff.visit(page, "/admin/partners/apikey/")
    filters = page.get_by_label("Last used")
    assert not filters.is_visible()
    page.get_by_text("Filters and order").click()
    filters.select_option("Never")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**used=never*")
    assert filters.is_visible()


def test_at_a_desk_the_filters_of_keys_are_open(staff):
    page = staff.page("support", width=WIDE)
    staff.visit(page, "/admin/partners/apikey/")
    assert page.get_by_label("Last used").is_visible()
    assert not page.get_by_text("Filters and order").is_visible()


def test_a_link_to_a_reason_code_opens_it_and_no_other(staff):
    page = staff.page(None, width=NARROW)
    staff.visit(page, ERRORS)
    assert page.evaluate(OPEN) == []
    staff.visit(page, "/docs/")
    staff.visit(page, f"{ERRORS}#missing_scope")
    assert page.evaluate(OPEN) == ["missing_scope"]


def test_without_a_script_every_reason_code_is_open(browser, site):
    context = browser.new_context(
        base_url=site.origin, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(ERRORS)
    codes = page.locator(".reason details")
    assert codes.count() > 20
    assert page.locator(".reason details[open]").count() == codes.count()
    context.close()
