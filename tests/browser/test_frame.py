"""What frames every staff page: the menu behind one's name, and the messages above a page."""

import pytest

from tests.browser import axe
from tests.browser.site import NARROW, WIDE

EVERYWHERE = [(width, dark) for width in (WIDE, NARROW) for dark in (False, True)]
IMAGE = "item => getComputedStyle(item).backgroundImage"


@pytest.mark.parametrize(("width", "dark"), EVERYWHERE)
def test_everything_in_the_menu_of_ones_name_can_be_read(staff, width, dark):
    page = staff.page("support", width=width, dark=dark)
    staff.visit(page, "/admin/")
    page.locator(".person summary").click()
    items = page.locator(".person-menu > a, .person-menu form button")
    assert items.all_inner_texts() == ["Change password", "Second factor", "Sessions", "Developer pages", "Sign out"]
    assert len({item.evaluate("item => getComputedStyle(item).fontSize") for item in items.all()}) == 1
    assert axe.violations(page) == []


@pytest.mark.parametrize("level", ["warning", "error"])
@pytest.mark.parametrize(("width", "dark"), EVERYWHERE)
def test_no_icon_lies_behind_a_message(staff, width, dark, level):
    page = staff.page("security", width=width, dark=dark)
    staff.visit(page, "/admin/partners/apikey/")
    page.get_by_role("button", name="Revoke…").click()
    message = page.locator("ul.messagelist li")
    message.evaluate("(item, level) => item.className = level", level)
    assert message.evaluate(IMAGE) == "none"
    assert axe.violations(page) == []
