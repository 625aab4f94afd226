"""Small things on every page: the reader's own time, copying an id, the focus, and not losing a secret."""

import re

import pytest

NORTHGATE = "Northgate Family Practice (demo)"


@pytest.fixture
def copied(staff):
    """`copied(page)` returns what the page's buttons copied."""

    def text(page) -> str:
        page.wait_for_selector("button.copied")
        return page.evaluate("navigator.clipboard.readText()")

    return text


def with_clipboard(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def shown_once(page) -> str:
    """Issue a key by clicking, and return its token."""
    page.goto("/admin/partners/apikey/issue/")
    page.get_by_label("Organization", exact=True).fill(NORTHGATE)
    page.get_by_label("Label", exact=True).fill("Not to be lost")
    page.get_by_label("encounters:read", exact=True).check()
    page.get_by_role("button", name="Review", exact=True).click()
    page.get_by_role("button", name="Issue key", exact=True).click()
    return page.locator("#token").inner_text()


def test_a_time_is_also_given_in_the_readers_zone(staff, site):
    page = staff.page("support")
    staff.visit(page, "/admin/partners/apikey/{key[pk]}/change/")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    times = page.locator("main time")
    assert zone
    assert times.count() > 5
    assert all(time.get_attribute("title").endswith(", your time") for time in times.all())


def test_an_id_is_copied_and_that_is_announced(staff, site, copied):
    page = with_clipboard(staff.page("support"))
    staff.visit(page, "/admin/partners/apikey/{key[pk]}/change/")
    name = site.rows["key"]["public_id"]
    page.get_by_role("button", name=f"Copy {name}").press("Enter")
    assert copied(page) == name
    assert page.get_by_text(f"Copied {name}.").get_attribute("role") == "status"


def test_in_a_list_the_button_appears_with_its_row_or_the_focus(staff, copied):
    page = with_clipboard(staff.page("support"))
    staff.visit(page, "/admin/partners/apikey/")
    button = page.locator("tbody button.copy").first
    opacity = "button => getComputedStyle(button).opacity"
    assert button.evaluate(opacity) == "0"
    button.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert button.evaluate(opacity) == "1"
    page.keyboard.press("Enter")
    assert re.fullmatch(r"ch_sk_[0-9A-Za-z]{12}", copied(page))


def test_leaving_a_key_that_is_shown_once_asks_first(staff, site):
    page = staff.page("onboarding")
    token = shown_once(page)
    site.remember_secret(token)
    page.locator("#token").click()
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.evaluate("setTimeout(() => location.assign('/admin/'))")
    assert asked.value.type == "beforeunload"
    assert page.locator("#token").inner_text() == token
    page.get_by_role("link", name="I've saved it").click()
    page.wait_for_url("**/change/")


def focused(page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.className")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/admin/diagnosis/", "credentials"),
        ("/admin/diagnosis/?key={key[public_id]}", "request"),
        ("/admin/diagnosis/?call={refused_call[public_id]}", "notice danger"),
        ("/admin/partners/apikey/issue/", "id_organization"),
        ("/admin/partners/apikey/issue/?organization={organization[pk]}", "id_label"),
        ("/admin/partners/apikey/{key[pk]}/disable/", "id_reason"),
        ("/admin/partners/organization/add/", "id_name"),
        ("/admin/staff-activity/?person=ada", ""),
    ],
)
def test_the_focus_is_where_one_types_or_reads_first(staff, path, field):
    page = staff.page("security")
    staff.visit(page, path)
    assert focused(page) == field


def test_the_search_page_has_the_focus_in_its_box(staff):
    page = staff.page("support")
    staff.visit(page, "/admin/search/")
    assert page.evaluate("'search' in document.activeElement.dataset")


def test_after_a_diagnosis_the_focus_is_on_the_answer(staff):
    page = staff.page("support")
    staff.visit(page, "/admin/diagnosis/")
    page.locator("#request").fill("GET /external/v1/encounters")
    page.get_by_role("button", name="Diagnose", exact=True).click()
    staff.calm(page)
    assert page.evaluate("document.activeElement.innerText").startswith("The call is refused with")
