"""The developer pages and the landing page in a browser: accessible, light and dark, wide and narrow, on
paper, and without a script."""

import pytest

from chartero.docs.pages import Page
from tests.browser import axe, keyboard
from tests.browser.pages import StaffPage
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

PAGES = [
    *(StaffPage(page.name.lower(), f"/docs/{page.slug and page.slug + '/'}", role=None) for page in Page),
    StaffPage("search", "/docs/search/?q=limit", role=None),
    StaffPage("missing", "/docs/nothing/", role=None, status=404),
    StaffPage("landing", "/", role=None),
    StaffPage("collect", "/collect/", role=None),
]
EVERY_PAGE = pytest.mark.parametrize("each", PAGES, ids=lambda page: page.name)
SHOWN = (
    "[...document.querySelectorAll('.example [data-language]')].filter(each => "
    "each.checkVisibility()).map(each => each.dataset.language)"
)
PAGINATION = "/docs/pagination/"


@EVERY_PAGE
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_every_page(look, each, width):
    page = look(each, width=width)
    found = [*keyboard.faults(page), *keyboard.unlabelled(page)]
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found += [*keyboard.sideways(page), *axe.violations_in_light_and_dark(page)]
    assert not found, listed(page, found)


def test_on_a_phone_the_parts_of_the_reference_fold_and_a_link_to_one_unfolds_it(staff):
    wide, narrow = staff.page(None), staff.page(None, width=NARROW)
    for page in (wide, narrow):
        staff.visit(page, "/docs/reference/")
    total = wide.locator("details.docs-part").count()
    assert wide.locator("details.docs-part[open]").count() == total > 20
    assert narrow.locator("details.docs-part[open]").count() == 0
    narrow.goto(f"{narrow.url}#object-Patient")
    narrow.get_by_text("date_of_birth", exact=True).last.wait_for()
    assert narrow.locator("details.docs-part[open]").count() == 1
    staff.calm(narrow)


def test_the_index_is_beside_the_text_or_folded_above_it_and_leads_to_headings(staff):
    wide, narrow = staff.page(None), staff.page(None, width=NARROW)
    for page in (wide, narrow):
        staff.visit(page, "/docs/errors/")
    link = narrow.locator(".docs-index").get_by_role("link", name="invalid_limit")
    assert not link.is_visible()
    narrow.get_by_text("On this page").click()
    link.click()
    narrow.wait_for_url("**/docs/errors/#invalid_limit")
    staff.calm(narrow)
    wide.locator(".docs-index").get_by_role("link", name="missing_scope").click()
    wide.locator(".docs-index a[aria-current=location]", has_text="missing_scope").wait_for()
    staff.calm(wide)


def test_a_slash_leads_to_the_search_unless_somebody_types(staff):
    page = staff.page(None)
    staff.visit(page, "/docs/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "docs-search"
    page.keyboard.type("a/b")
    assert page.locator("#docs-search").input_value() == "a/b"
    page.locator("#docs-search").fill("invalid_limit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/search/?q=invalid_limit")
    page.locator(".docs-hits a").first.click()
    page.wait_for_url("**/docs/errors/#invalid_limit")
    staff.calm(page)


def test_one_choice_of_language_holds_for_all_examples_and_for_the_next_page(staff):
    page = staff.page(None)
    staff.visit(page, PAGINATION)
    assert set(page.evaluate(SHOWN)) == {"sh"}
    page.get_by_text("Python", exact=True).first.click()
    assert page.evaluate(SHOWN) == ["py", "py"]
    staff.visit(page, "/docs/encounters/")
    assert page.evaluate(SHOWN) == ["py"]


def test_an_example_is_copied_as_it_is_shown(staff):
    page = staff.page(None)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    staff.visit(page, "/docs/")
    page.get_by_role("button", name="Copy: The two newest encounters, curl").click()
    page.get_by_text("Copied.").wait_for()
    shown = page.locator("#example-first_call-sh").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    assert shown.startswith("curl ")


def test_the_pages_are_a_list_beside_the_text_or_folded_above_it(staff):
    wide, narrow = staff.page(None), staff.page(None, width=NARROW)
    for page in (wide, narrow):
        staff.visit(page, "/docs/")
    assert wide.get_by_role("link", name="Errors").first.is_visible()
    link = narrow.locator(".docs-pages").get_by_role("link", name="Errors")
    assert not link.is_visible()
    narrow.get_by_text("All pages").click()
    link.click()
    narrow.wait_for_url("**/docs/errors/")
    staff.calm(narrow)


def test_on_paper_every_language_is_there_and_no_button(staff):
    page = staff.page(None)
    staff.visit(page, PAGINATION)
    page.emulate_media(media="print")
    assert page.evaluate(SHOWN) == ["sh", "py", "mjs"] * 2
    assert not page.get_by_role("button", name="Copy").first.is_visible()
    for part in (".docs-pages", ".docs-index", ".docs-search"):
        assert not page.locator(part).is_visible()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_without_a_script_the_pages_can_be_read_and_the_language_chosen(browser, site, width):
    context = browser.new_context(
        base_url=site.origin, java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.goto(PAGINATION)
    assert page.locator(".docs-pages").get_by_role("link", name="Errors").is_visible()
    assert page.locator(".docs-index").get_by_role("link", name="Time windows").is_visible()
    page.locator(".example").first.get_by_text("JavaScript").click()
    assert page.locator("#example-pages-mjs").is_visible()
    assert not page.locator("#example-pages-sh").is_visible()
    page.get_by_role("searchbox").fill("invalid_limit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/search/?q=invalid_limit")
    assert page.locator(".docs-hits a").first.get_attribute("href") == "/docs/errors/#invalid_limit"
    context.close()
