"""What staff do from day to day, by clicking, and what a partner's call gets after each step."""

import csv
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser import axe

LIST = "/external/v1/encounters"
SCOPES = ("encounters:read", "patients:read", "documents:read")


class Clicks:
    """One person's clicks; each leaves the page with nothing for the browser to complain of."""

    def __init__(self, staff, role: str) -> None:
        self.staff, self.page = staff, staff.page(role)

    def open(self, path: str) -> "Clicks":
        self.staff.visit(self.page, path)
        return self

    def fill(self, **texts: str) -> "Clicks":
        for label, text in texts.items():
            self.page.get_by_label(label.replace("_", " "), exact=False).first.fill(text)
        return self

    def tick(self, *labels: str) -> "Clicks":
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        return self

    def press(self, name: str) -> "Clicks":
        self.page.get_by_role("button", name=name, exact=True).click()
        self.staff.calm(self.page)
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert axe.violations(self.page) == []
        return self

    def follow(self, name: str) -> "Clicks":
        self.page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        self.staff.calm(self.page)
        return self

    @property
    def token(self) -> str:
        return self.page.locator("#token").inner_text()


@pytest.fixture
def clicks(staff):
    """`clicks(role)` gives somebody of the role a browser."""
    return lambda role: Clicks(staff, role)


@pytest.fixture
def code(site):
    """What a partner's call with a token gets: the reason code, or None where it is served."""
    return lambda token, path=LIST: site.deployment.get(path, token=token).json().get("reason_code")


def issue(someone: Clicks, label: str, organization: str = "Northgate Family Practice (demo)") -> str:
    """Issue a key by clicking; return its token, as shown."""
    someone.open("/admin/partners/apikey/issue/").fill(Organization=organization, Label=label).tick(*SCOPES)
    return someone.press("Review").press("Issue key").token


def to_key(someone: Clicks) -> Clicks:
    return someone.follow("I've saved it")


def test_from_nothing_to_a_partners_first_200(clicks, code):
    someone = clicks("onboarding").open("/admin/partners/organization/").follow("New organization")
    someone.fill(Name="Lakeside Clinic").press("Create organization").follow("Access")
    someone.tick("Allowlisted for the external API", "encounters.list", "encounters.detail").fill(
        Reason="a contract"
    ).press("Save access")
    token = issue(someone, "EHR sync", "Lakeside Clinic")
    assert code(token) is None


def test_no_link_leads_away_from_a_key_that_is_shown_once(clicks):
    someone = clicks("onboarding")
    token = issue(someone, "Links")
    someone.page.locator("summary", has_text="not included").click()
    for link in ("Partner access", "missing_scope"):
        with someone.page.context.expect_page() as opened:
            someone.page.get_by_role("link", name=link).first.click()
        opened.value.wait_for_load_state()
    someone.page.get_by_role("link", name="Skip to main content").focus()
    someone.page.keyboard.press("Enter")
    assert someone.token == token
    to_key(someone)
    assert "/change/" in someone.page.url


def test_a_key_is_shown_once_through_refresh_and_back(clicks, code):
    someone = clicks("onboarding")
    token = issue(someone, "Shown once")
    someone.page.reload()
    assert "the key was issued" in someone.page.inner_text("main")
    assert token not in someone.page.content()
    someone.page.goto("/admin/partners/apikey/")
    someone.staff.calm(someone.page)
    assert someone.page.get_by_role("row", name="Shown once").count() == 1
    assert code(token) is None


def test_a_double_click_issues_one_key(clicks):
    someone = clicks("onboarding").open("/admin/partners/apikey/issue/")
    someone.fill(Organization="Northgate Family Practice (demo)", Label="Double click").tick(*SCOPES).press("Review")
    someone.page.get_by_role("button", name="Issue key", exact=True).dblclick()
    someone.page.wait_for_selector("#token, .notice")
    someone.page.goto("/admin/partners/apikey/?q=Double+click")
    assert someone.page.get_by_role("row", name="Double click").count() == 1


def test_the_copy_button_speaks(clicks):
    someone = clicks("onboarding")
    token = issue(someone, "Copied")
    someone.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    someone.page.get_by_role("button", name="Copy the API key").click()
    someone.page.wait_for_function("document.getElementById('token-copied').textContent != ''")
    assert someone.page.evaluate("navigator.clipboard.readText()") == token


def test_a_rotation_overlaps_and_is_finished(clicks, code):
    someone = clicks("onboarding")
    old = issue(someone, "Rotated by clicks")
    new = to_key(someone).follow("Rotate").press("Rotate key").token
    assert (code(old), code(new)) == (None, None)
    someone.open("/admin/partners/apikey/?q=Rotated+by+clicks")
    someone.page.get_by_role("row", name="Rotated by clicks").last.get_by_role("link").first.click()
    someone.follow("End the overlap now").fill(Reason="moved")
    someone.press(someone.page.locator("form button.primary").last.inner_text())
    assert (code(old), code(new)) == ("expired_key", None)


def test_disabled_enabled_and_revoked(clicks, code):
    someone = clicks("security")
    token = issue(someone, "Through its states")
    to_key(someone).follow("Disable").fill(Reason="a test").press(primary(someone))
    assert code(token) == "disabled_key"
    someone.follow("Enable").fill(Reason="a test").press(primary(someone))
    assert code(token) is None
    someone.follow("Revoke…").fill(Reason="a test")
    someone.page.locator("input[type=checkbox]").check()
    someone.press("Revoke for good")
    assert code(token) == "revoked_key"
    assert "Revoked" in someone.page.inner_text("main")


def primary(someone: Clicks) -> str:
    """Return the name of the page's one primary button."""
    return someone.page.locator("main button.primary").inner_text()


def test_the_switch_is_seen_on_every_page_and_by_partners(clicks, code, site):
    someone = clicks("security").open("/admin/switch/turn/").fill(Reason="a test")
    someone.press(primary(someone))
    try:
        assert code(site.token) == "api_keys_disabled"
        assert "API-key authentication is off" in clicks("support").open("/admin/reasons/").page.inner_text("body")
    finally:
        someone.open("/admin/switch/turn/").fill(Reason="a test")
        someone.press(primary(someone))
    assert code(site.token) is None


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("support", set()),
        ("onboarding", {"Rotate", "Disable"}),
        ("security", {"Rotate", "Disable", "Revoke…", "What it read"}),
    ],
)
def test_buttons_that_a_role_may_not_use_are_not_shown(clicks, role, shown):
    page = clicks(role).open("/admin/partners/apikey/{key[pk]}/change/").page
    names = {name.strip() for name in page.locator("main a.button").all_inner_texts()}
    assert names - {"Why does a call fail?"} == shown


def test_markup_that_staff_give_is_shown_and_never_run(clicks):
    markup = "<img src=x onerror=alert(1)><b>Bold</b>"
    someone = clicks("security")
    someone.open("/admin/partners/organization/add/").fill(Name=markup).press("Create organization").follow("Access")
    someone.tick("Allowlisted for the external API").fill(Reason=markup).press("Save access")
    issue(someone, markup, markup)
    to_key(someone)
    for path in ("/admin/partners/organization/", "/admin/partners/apikey/", "/admin/partners/changeevent/", "/admin/"):
        someone.open(path)
        assert someone.page.locator("main b", has_text="Bold").count() == 0


def test_a_scope_is_added_with_a_look_at_what_it_opens(clicks, code):
    someone = clicks("onboarding").open("/admin/partners/apikey/issue/")
    someone.fill(Organization="Northgate Family Practice (demo)", Label="Narrow").tick("encounters:read")
    token = someone.press("Review").press("Issue key").token
    assert code(token) == "missing_scope"
    to_key(someone).follow("Change scopes").fill(Reason="a test").tick("patients:read", "documents:read")
    someone.press(primary(someone))
    someone.press(primary(someone))
    assert code(token) is None


def test_an_expired_key_is_replaced(clicks, code):
    someone = clicks("onboarding").open("/admin/partners/apikey/{expired_key[pk]}/change/")
    token = someone.follow("Issue a replacement").press("Review").press("Issue key").token
    assert code(token) is None


def test_a_list_is_sorted_and_downloaded_as_it_is_shown(clicks, site):
    someone = clicks("support").open("/admin/partners/apikey/?state=active&organization=northgate")
    someone.follow("Label").follow("Label")
    cells = someone.page.locator("td[data-label=Label]").all_inner_texts()
    shown = [cell.splitlines()[0].strip() for cell in cells]  # an owner and tags stand below the label
    assert shown == sorted(shown, key=str.casefold, reverse=True)
    with someone.page.expect_download() as download:
        someone.page.get_by_role("button", name="Download CSV").click()
    rows = csv.DictReader(download.value.path().read_text().splitlines())
    assert [row["label"] for row in rows] == shown
    assert "export" in "".join(site.complaints(someone.page))  # to Chromium, a download is a failed request


def test_one_box_selects_the_page(clicks):
    page = clicks("security").open("/admin/partners/apikey/").page
    every, boxes = page.get_by_label("Select all keys on this page"), page.locator("input[name=_selected_action]")
    every.press("Space")
    assert all(box.is_checked() for box in boxes.all())
    boxes.first.uncheck()
    assert every.evaluate("box => box.indeterminate") is True


def test_all_keys_of_a_filtered_list_get_a_new_expiry(clicks):
    someone = clicks("security")
    for number in range(2):
        issue(someone, f"Prolonged {number}")
    someone.open("/admin/partners/apikey/?q=Prolonged").tick("All 2 keys of this list").press("Change expiry…")
    day = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
    someone.fill(Last_day=day, Reason="a test").press(primary(someone))
    assert "2 keys given a new expiry." in someone.page.inner_text("main")
    assert "?q=Prolonged" in someone.page.url


def test_many_keys_are_disabled_at_once_after_a_preview(clicks, code):
    someone = clicks("security")
    tokens = [issue(someone, f"Bulk {number}") for number in range(2)]
    someone.open("/admin/partners/apikey/?q=Bulk").tick("Select Bulk 0", "Select Bulk 1").press("Disable…")
    someone.fill(Reason="a test").press(primary(someone))
    assert {code(token) for token in tokens} == {"disabled_key"}
