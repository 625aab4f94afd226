"""What support does with the request id that a partner quotes, and with the list of requests, in a browser."""

import pytest

from tests.browser import axe

LIST, REQUESTS = "/external/v1/encounters", "/admin/partners/requestrecord/"


@pytest.fixture
def refused(site) -> str:
    """The request id of a call that was refused just now."""
    return site.deployment.get(f"{LIST}?limit=500", token=site.token).headers["X-Request-ID"]


def press(staff, page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    staff.calm(page)
    assert axe.violations(page) == []


def test_from_a_quoted_request_id_to_what_mends_the_call(staff, refused):
    page = staff.page("support")
    staff.visit(page, REQUESTS)
    page.get_by_label("Request id").fill(f"X-Request-ID: {refused}")
    press(staff, page, "Find")
    assert page.locator("h1").inner_text() == refused
    page.locator("main").get_by_role("link", name="Why does this call fail?").click()
    staff.calm(page)
    assert "The call was refused with 422 invalid_limit because" in page.inner_text("main")
    page.get_by_label("Request", exact=True).fill(f"GET {LIST}?limit=50")
    press(staff, page, "Diagnose")
    assert "Refused then, passes now" in page.inner_text("main")


def test_the_request_id_is_copied(staff, refused):
    page = staff.page("support")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    staff.visit(page, f"{REQUESTS}{refused}/")
    page.get_by_role("button", name=f"Copy {refused}", exact=True).click()
    page.get_by_role("status").filter(has_text="Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == refused


def test_one_click_leads_from_a_refusal_in_the_list_to_why(staff, refused):
    page = staff.page("support")
    staff.visit(page, f"{REQUESTS}?code=invalid_limit")
    page.get_by_role("link", name="Why?").first.click()
    staff.calm(page)
    assert "The call was refused with 422 invalid_limit because" in page.inner_text("main")


def test_the_list_is_filtered_and_calls_refused_alike_unfold(staff, site, refused):
    site.deployment.get(f"{LIST}?limit=500", token=site.token)
    page = staff.page("support")
    staff.visit(page, REQUESTS)
    page.get_by_label("Organization").fill("Northgate")
    page.get_by_label("Reason code").select_option("invalid_limit")
    press(staff, page, "Filter")
    assert f"organization={site.rows['organization']['public_id']}&code=invalid_limit&time=24h" in page.url
    page.locator("summary", has_text="×").first.click()
    assert page.locator(f'.alike a[href$="{refused}/"]').is_visible()
    assert axe.violations(page) == []


def test_times_of_ones_own_are_asked_for_where_they_are_chosen(staff):
    page = staff.page("support")
    staff.visit(page, REQUESTS)
    assert not page.get_by_label("From (UTC)").is_visible()
    page.get_by_label("Time", exact=True).select_option("own")
    page.get_by_label("From (UTC)").fill("2026-01-01T00:00:00")
    page.get_by_label("To (UTC)").fill("2025-01-01T00:00:00")
    press(staff, page, "Filter")
    assert "The end must be after the start." in page.inner_text("main")


@pytest.mark.parametrize(
    ("label", "button"), [("Request id", "Find"), ("API key", "Filter"), ("Organization", "Filter")]
)
def test_a_token_that_is_pasted_by_mistake_is_in_no_address(staff, site, label, button):
    page = staff.page("support")
    staff.visit(page, REQUESTS)
    page.get_by_label(label, exact=True).fill(site.token)
    press(staff, page, button)
    assert site.token not in page.url + page.content()
