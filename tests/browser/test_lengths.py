"""On a phone, no staff page is endless, and the reason codes of the developer pages fold."""

import pytest

from tests.browser.pages import PAGES, StaffPage
from tests.browser.site import NARROW
from tests.browser.staff import listed

LONGEST = 4_000
ERRORS, CHANGELOG = "/docs/errors/", "/docs/changelog/"
LOOKED_AT = [*PAGES, *(StaffPage(path.split("/")[2], path, role=None) for path in (ERRORS, CHANGELOG))]
HEIGHT = "document.documentElement.scrollHeight"
OPEN = "[...document.querySelectorAll('.reason details[open]')].map(each => each.querySelector('h3').id)"


@pytest.mark.parametrize("each", LOOKED_AT, ids=lambda page: page.name)
def test_no_page_is_longer_than_a_reader_scrolls(look, each):
    page = look(each, width=NARROW)
    height = page.evaluate(HEIGHT)
    assert height < LONGEST, listed(page, [f"{height} pixels"])


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
