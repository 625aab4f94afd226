"""Many keys are rotated by link in a browser: the preview and the report."""

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed


def sound(page) -> None:
    """Fail on a page that isn't accessible, or is wider than the screen, on a phone or a desk, light or dark."""
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = [*axe.violations(page), *keyboard.sideways(page)]
            assert not found, listed(page, found)


def test_the_preview_and_the_report_of_keys_rotated_by_link_are_accessible(staff):
    page = staff.page("security")
    staff.visit(page, "/admin/partners/apikey/?organization=Riverside&q=Nightly")
    page.get_by_label("Select all keys on this page").check()
    page.get_by_role("button", name="Rotate by link…").click()
    staff.calm(page)
    assert "1 contact gets an e-mail, with a link to every new key." in page.inner_text("main")
    sound(page)
    page.get_by_label("Reason").fill("a test")
    page.get_by_role("button", name="Rotate 1 key by link").click()
    staff.calm(page)
    assert page.get_by_text("The link was sent.").is_visible()
    sound(page)
    page.get_by_role("link", name="Show the links").click()
    staff.calm(page)
    sound(page)


def test_on_a_phone_keys_are_selected_by_touch_and_what_can_be_done_comes_into_sight(staff):
    page = staff.page("security", width=NARROW)
    staff.visit(page, "/admin/partners/apikey/")
    revoke = page.get_by_role("button", name="Revoke…")
    assert below_the_screen(page, revoke)
    for place in (0, 1):  # which keys are the first depends on the tests before
        page.locator("input[name=_selected_action]").nth(place).check()
    assert page.get_by_text("The selected keys (2)").is_visible()
    assert not below_the_screen(page, revoke)


def below_the_screen(page, element) -> bool:
    box = element.bounding_box()
    return box["y"] + box["height"] > page.viewport_size["height"]
