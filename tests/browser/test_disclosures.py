"""The accounting of disclosures in a browser: asked for, shown, printed and downloaded."""

import pytest

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE
from tests.browser.staff import listed

PAGE, LIST = "/admin/disclosures/", "/external/v1/encounters?limit=5"
# The narrowest sheet: A4 or Letter without the margins of a printer.
PAPER = 680
INK = "getComputedStyle(document.querySelector('.accounting td')).color"


@pytest.fixture(scope="module")
def person(site) -> dict:
    """A patient whose data a partner has just read."""
    items = site.deployment.get(LIST, token=site.token).json()["items"]
    return next(item["patient"] for item in items if item["patient"])


@pytest.fixture
def patient(person) -> str:
    return person["patient_id"]


def ask(staff, patient: str, **appearance):
    page = staff.page("security", **appearance)
    staff.visit(page, PAGE)
    page.get_by_label("Patient id").fill(patient)
    page.get_by_label("Reason").fill("The patient asks in writing")
    page.get_by_role("button", name="Show disclosures").click()
    staff.calm(page)
    assert page.get_by_role("heading", name="Each disclosure").is_visible()
    return page


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_accounting_is_accessible(staff, patient, width, dark):
    page = ask(staff, patient, width=width, dark=dark)
    found = [*axe.violations(page), *keyboard.faults(page), *keyboard.unlabelled(page), *keyboard.sideways(page)]
    assert not found, listed(page, found)


def test_it_tells_the_id_and_no_name(staff, person):
    text = ask(staff, person["patient_id"]).locator("main").inner_text()
    assert [value in text for value in person.values()] == [True, False, False, False]


def test_it_fits_on_paper_and_is_black_on_white(staff, patient):
    page = ask(staff, patient, dark=True)
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": PAPER, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    assert page.evaluate(INK) == "rgb(0, 0, 0)"
    assert not page.get_by_role("button", name="Download CSV").is_visible()


def test_it_is_downloaded_as_often_as_wanted(staff, site, patient):
    page = ask(staff, patient)
    for _ in range(2):
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        assert download.value.suggested_filename == f"disclosures-{patient}.csv"
    complaints = site.complaints(page)  # Chromium calls a navigation that became a download a failed request
    assert {complaint.partition(" net::")[2] for complaint in complaints} == {"ERR_ABORTED"}
