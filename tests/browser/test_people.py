"""What superusers and Security do with users, sessions and the record of changes, in a browser."""

import csv
import io
import secrets

from partners.admin.changes.kinds import GROUPS
from tests.browser import axe

CHANGES, USERS = "/admin/partners/changeevent/", "/admin/auth/user/"


def press(staff, page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()
    staff.calm(page)
    assert axe.violations(page) == []


def test_a_new_colleague_signs_in_at_once_and_what_they_do_is_found(staff, site):
    password = secrets.token_urlsafe(16)
    site.remember_secret(password)
    boss = staff.page("superuser")
    staff.visit(boss, USERS)
    boss.get_by_role("link", name="New user").click()
    boss.get_by_label("Name to sign in").fill("new-person")
    boss.get_by_label("Security", exact=True).check()
    for label in ("Password", "Password confirmation"):
        boss.get_by_label(label, exact=True).fill(password)
    boss.get_by_label("Reason", exact=True).fill("a new colleague")
    press(staff, boss, "Add user")
    assert "new-person can sign in now." in boss.inner_text("body")

    site.passwords["new"] = password
    colleague = staff.page(None)
    site.sign_in(colleague, "new")
    staff.visit(colleague, CHANGES)
    colleague.get_by_label("Person").fill("new-person")
    press(staff, colleague, "Filter")
    assert "?person=new-person" in colleague.url
    assert colleague.get_by_role("row", name="Signed in").count() == 1
    colleague.locator("tbody th[scope=row] a").first.click()
    staff.calm(colleague)
    assert colleague.locator("h1").inner_text() == "Signed in"


def test_the_filtered_changes_are_downloaded(staff, site):
    page = staff.page("security")
    staff.visit(page, CHANGES)
    page.get_by_label("Kind").select_option("keys")
    press(staff, page, "Filter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    complaints = site.complaints(page)  # Chromium calls a navigation that became a download a failed request
    assert {complaint.partition(" net::")[2] for complaint in complaints} == {"ERR_ABORTED"}
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(), newline="")))
    assert len(rows) > 10
    assert {row["change"] for row in rows} <= {action.label for action in GROUPS["keys"].actions}


def test_whoever_signs_out_everywhere_is_signed_out_in_the_other_browser_too(staff, site):
    one, other = staff.page(None), staff.page(None)
    for page in (one, other):
        site.sign_in(page, "staff")
    staff.visit(one, "/signin/sessions/")
    assert one.get_by_role("button", name="End the session from 127.0.0.1").count() >= 1
    press(staff, one, "Sign out everywhere")
    assert "You are signed out" in one.inner_text("main")
    staff.visit(other, "/admin/")
    assert "you signed out everywhere" in other.inner_text("body")
