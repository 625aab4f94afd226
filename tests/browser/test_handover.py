"""A key that is handed over by link: from *Issue* to the partner's first 200, and nobody on staff sees it."""

import re

import pytest

from tests.browser import axe, keyboard
from tests.browser.site import NARROW, WIDE
from tests.browser.sweep import sweep

ORGANIZATION = "Riverside Cardiology (demo)"
LINK = re.compile(r"(https?://[^\s]+/collect/)#([0-9A-Za-z]{43})")
SCOPES = ("encounters:read", "patients:read", "documents:read")


@pytest.fixture
def send(staff, site):
    """`send(label)` has staff send a link; return the person's page and the link."""

    def send_link(label: str, *, with_code: bool = False):
        page = staff.page("onboarding")
        staff.visit(page, "/admin/partners/apikey/issue/")
        page.get_by_label("Organization", exact=False).first.fill(ORGANIZATION)
        page.get_by_label("Label", exact=False).first.fill(label)
        for scope in SCOPES:
            page.get_by_label(scope, exact=True).check()
        press(page, "Review")
        if with_code:
            page.get_by_label("Ask for a code that I read out by phone").check()
        press(page, "Send the link")
        staff.calm(page)
        link = LINK.search(site.newest_mail())
        site.remember_secret(link[2])
        return page, link[0]

    return send_link


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sound(page) -> None:
    """Fail on a page that isn't accessible, or is wider than the screen, on a phone or a desk, light or dark."""
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert axe.violations(page) == []
        assert keyboard.sideways(page) == []


def test_a_signing_secret_goes_to_the_contact_alone(staff, site):
    by_staff = staff.page("onboarding")
    staff.visit(by_staff, "/admin/partners/organization/?q=Riverside")
    by_staff.get_by_role("link", name=ORGANIZATION).first.click()
    by_staff.goto(f"{by_staff.url.replace('/change/', '/')}webhooks/add/")
    by_staff.get_by_label("URL").fill("https://hooks.riverside.example/in")
    by_staff.get_by_label("Reason").fill("as agreed")
    sound(by_staff)
    press(by_staff, "Send the link")
    staff.calm(by_staff)
    link = LINK.search(site.newest_mail())
    site.remember_secret(link[2])
    partner = staff.page(None)
    partner.goto(link[0])
    press(partner, "Continue")
    sound(partner)
    press(partner, "Show my secret")
    sound(partner)
    assert partner.locator("#token").inner_text().startswith("whsec_")
    staff.calm(partner)


def test_from_issue_to_a_partners_first_200_and_no_one_on_staff_sees_the_key(staff, site, send):
    by_staff, link = send("Collected by link")
    for method in ("GET", "HEAD"):
        assert site.deployment.get("/collect/", method=method).status == 200
    assert "Nobody has opened the link yet." in by_staff.inner_text("main")

    partner, referers = staff.page(None), []
    partner.context.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    partner.goto(link)
    partner.wait_for_function("location.hash === ''")
    assert partner.url == f"{site.origin}/collect/"
    assert partner.get_by_label("The link from our e-mail").input_value() == link.partition("#")[2]
    sound(partner)
    press(partner, "Continue")
    sound(partner)
    press(partner, "Create my key")
    sound(partner)
    token = partner.locator("#token").inner_text()
    with partner.context.expect_page() as opened:
        partner.get_by_role("link", name="Store your key").click()
    opened.value.wait_for_load_state()
    staff.calm(partner)
    assert not [referer for referer in referers if "/collect" in referer]
    assert opened.value.evaluate("document.referrer") == ""
    answer = site.deployment.get("/external/v1/encounters", token=token)
    assert answer.status == 200

    by_staff.reload()
    assert "Collected" in by_staff.inner_text("main")
    seen = [by_staff.content()]
    by_staff.get_by_role("link", name=re.compile("ch_sk_")).first.click()
    seen.append(by_staff.content())
    assert not [page for page in seen if token[18:61] in page or link.partition("#")[2] in page]
    for page in (by_staff, partner):
        staff.calm(page)
    assert sweep(site.deployment, [token, link.partition("#")[2]], site.traces) == []
    assert not [mail for mail in site.mails.iterdir() if token[6:18] in mail.read_text()]


def test_a_link_that_was_collected_says_so_and_staff_see_it(staff, site, send):
    by_staff, link = send("Used again")
    partner = staff.page(None)
    for again in (False, True):
        partner.goto("about:blank")
        partner.goto(link)
        partner.wait_for_function("location.hash === ''")
        press(partner, "Continue")
        if not again:
            press(partner, "Create my key")
            partner.get_by_text("ch_sk_").first.wait_for()
    sound(partner)
    assert "somebody else has your key" in partner.inner_text("main")
    staff.calm(partner)
    staff.visit(by_staff, "/admin/")
    assert "Used again" in by_staff.locator("section[aria-labelledby=links]").inner_text()
    assert "link of a key that was collected is used again" in "".join(f.read_text() for f in site.mails.iterdir())


def test_without_a_script_the_link_is_pasted_and_the_code_is_typed(staff, site, send):
    by_staff, link = send("With a code", with_code=True)
    code = by_staff.locator("#code").inner_text()
    sound(by_staff)
    site.remember_secret(code)
    context = site.browser.new_context(base_url=site.origin, java_script_enabled=False)
    page = context.new_page()
    page.goto("/collect/")
    page.get_by_label("The link from our e-mail").fill(link)
    press(page, "Continue")
    page.get_by_label("The code that we gave you by phone").fill("0")
    press(page, "Create my key")
    assert "You have 4 attempts left." in page.inner_text("main")
    page.get_by_label("The code that we gave you by phone").fill(code)
    press(page, "Create my key")
    token = page.locator("#token").inner_text()
    site.remember_secret(token)
    assert context.cookies() == []
    context.close()
    assert site.deployment.get("/external/v1/key", token=token).status == 200
