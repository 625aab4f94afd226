"""What a person on staff did, in a browser."""

import pytest

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed


@pytest.mark.parametrize(("width", "dark"), [(NARROW, False), (WIDE, True)])
def test_the_report_is_accessible(staff, width, dark):
    page = staff.page("security", width=width, dark=dark)
    staff.visit(page, "/admin/staff-activity/")
    page.get_by_label("Person").fill("demo")
    page.get_by_label("From (optional)").fill("2021-01-01")
    page.get_by_label("Reason").fill("A review")
    page.get_by_role("button", name="Show activity").click()
    staff.calm(page)
    assert page.get_by_role("heading", name="Each event").is_visible()
    found = [*axe.violations(page), *keyboard.faults(page), *keyboard.unlabelled(page), *keyboard.sideways(page)]
    assert not found, listed(page, found)
