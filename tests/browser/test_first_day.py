"""The first day: an empty database, the first superuser, a second factor, and a partner's first 200, all by
clicking."""

import os
import time
from pathlib import Path

import pytest

from tests.browser.site import Site
from tests.browser.staff import Staff
from tests.partners.support.person import app_code
from tests.server.deployment import new_deployment

PASSWORD = "an invented passphrase"
PICTURES = os.environ.get("CHARTERO_PICTURES")


@pytest.fixture
def empty(browser, tmp_path):
    """A deployment with nothing in it but the first superuser, whose second factor is asked for."""
    with new_deployment(tmp_path) as deployment:
        deployment.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
        deployment.manage("createsuperuser", "--no-input", "--username", "first", "--email", "first@example.com")
        with deployment.serving():
            yield Site(deployment, browser, {}, {}, "", tmp_path)


def picture(page, name: str) -> None:
    """Keep a picture of the page where `CHARTERO_PICTURES` names a folder."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_from_an_empty_database_to_a_partners_first_200(empty):
    staff = Staff(empty)
    page = staff.page(None)
    press = lambda name: page.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    staff.visit(page, "/admin/")
    page.get_by_label("Username").fill("first")
    page.get_by_label("Password").fill(PASSWORD)
    press("Sign in")
    picture(page, "1-second-factor")
    secret = page.locator("p.codes").inner_text().replace(" ", "")
    page.locator("input[name=code]").fill(app_code(secret, time.time()))
    press("Set up")
    picture(page, "2-recovery-codes")
    codes = page.locator("ul.codes li").all_inner_texts()
    with page.expect_download() as download:
        press("Download")
    assert download.value.path().read_text().splitlines() == codes
    assert len(codes) == 10
    page.get_by_role("link", name="I've saved them, continue").click()
    picture(page, "3-home")
    page.get_by_role("link", name="Organizations", exact=True).click()
    page.locator("main").get_by_role("link", name="New organization").first.click()
    page.get_by_label("Name", exact=False).first.fill("Lakeside Clinic")
    picture(page, "4-new-organization")
    press("Create organization")
    page.locator("main").get_by_role("link", name="Access", exact=True).click()
    for label in ("Allowlisted for the external API", "encounters.list", "encounters.detail"):
        page.get_by_label(label, exact=True).check()
    page.get_by_label("Reason", exact=True).fill("A contract is signed.")
    press("Save access")
    picture(page, "5-organization")
    page.locator("main").get_by_role("link", name="Issue key").first.click()
    page.get_by_label("Label", exact=False).first.fill("EHR sync")
    for scope in ("encounters:read", "patients:read", "documents:read"):
        page.get_by_label(scope, exact=True).check()
    picture(page, "6-issue")
    press("Review")
    picture(page, "7-pre-flight")
    press("Issue key")
    picture(page, "8-shown-once")
    token = page.locator("#token").inner_text()
    answer = empty.deployment.get("/external/v1/encounters", token=token)
    assert (answer.status, answer.json()["total"]) == (200, 0)
    page.get_by_role("link", name="I've saved it").click()
    picture(page, "9-key")
    assert staff.leave() == []
