"""The pages of approvals: what waits, one request, its decision, and the key that was approved."""

import pytest
from django.core import mail

from partners.catalogue.routes import Route, Scope
from partners.models import ApiKey, Approval, ApprovalState, KeyHandover, Organization
from tests.factories import CHANGE
from tests.partners.support.approving import LIST, decide, endpoint_asked_for, key_asked_for, page_of
from tests.partners.support.diagnosing import text_of
from tests.partners.support.handing_over import CONTACT
from tests.partners.support.postbox import Postbox
from tests.partners.support.rows import opens
from tests.partners.support.staff import ORGANIZATIONS
from tests.partners.support.staff import page_of as organization_page
from tests.partners.support.webhooks import URL

pytestmark = pytest.mark.django_db
KEYS = "/admin/partners/apikey/"
ISSUE = f"{KEYS}issue/"


def state(approval: Approval) -> ApprovalState:
    return Approval.objects.get(pk=approval.pk).state


def test_another_person_approves_and_the_scopes_hold(approver, asked, key):
    page = text_of(approver.get(page_of(asked)))
    assert "Scopes none encounters:read, patients:read, documents:read" in page
    assert "ada asked for it. Approve or decline it below." in page
    answer = text_of(decide(approver, asked, "approved"))
    assert "Approved. The change takes effect with the next call." in answer
    assert key.scopes.count() == len(Scope)


def test_a_decline_needs_its_reason(approver, asked, key):
    assert "Give the reason for this change." in decide(approver, asked, "declined").text
    assert "Declined. Nothing was changed." in decide(approver, asked, "declined", "Too much").text
    assert "Too much" in approver.get(page_of(asked)).text
    assert (state(asked), key.scopes.count()) == (ApprovalState.DECLINED, 0)


def test_the_person_who_asked_can_only_withdraw(asker, asked):
    page = asker.get(page_of(asked)).text
    assert 'value="withdrawn"' in page
    assert 'value="approved"' not in page
    assert "Another person has to approve it." in decide(asker, asked, "approved").text
    assert "Withdrawn. Nothing was changed." in decide(asker, asked, "withdrawn").text


def test_who_lacks_the_permission_sees_it_and_decides_nothing(support, asked):
    page = support.get(page_of(asked)).text
    assert "Somebody with the permission" in page
    assert 'name="decision"' not in page
    assert support.post(page_of(asked), {"decision": "approved"}).status_code == 403
    assert state(asked) is ApprovalState.WAITING


def test_a_state_that_allows_it_no_more_is_said_and_the_request_waits(approver, asked, key):
    key.revoke(CHANGE)
    assert "The key is revoked" in decide(approver, asked, "approved").text
    assert state(asked) is ApprovalState.WAITING


def test_a_request_of_a_deactivated_person_says_so(approver, asker, asked):
    asker.user.is_active = False
    asker.user.save()
    assert "may no longer do it. Decline the request." in approver.get(page_of(asked)).text


def test_an_approved_key_is_shown_once_to_the_person_who_asked(asker, approver, key_asked):
    issue = page_of(key_asked, "issue/")
    assert asker.get(issue).headers["Location"] == page_of(key_asked)
    answer = decide(approver, key_asked, "approved")
    assert "ada can now issue the key." in answer.text
    assert "ch_sk_" not in answer.text
    assert approver.post(issue).status_code == 403
    assert "Issue the key" in asker.get(page_of(key_asked)).text
    assert "What it will be able to call" in asker.get(issue).text
    shown = asker.post(issue)
    made = Approval.objects.get(pk=key_asked.pk).api_key
    assert opens(made, shown.context["token"])
    assert "no-store" in shown.headers["Cache-Control"]
    assert "can't be shown again" in text_of(asker.post(issue))
    assert ApiKey.objects.filter(label=made.label).count() == 1


def test_a_key_that_cannot_be_issued_stays_approved(asker, approver, key_asked, settings, organization):
    decide(approver, key_asked, "approved")
    settings.KEY_LONGEST_LIFETIME_DAYS = 30
    assert "Set an expiry" in asker.post(page_of(key_asked, "issue/")).text
    settings.KEY_LONGEST_LIFETIME_DAYS, settings.DIGEST_KEYS = 0, ""
    assert "set CHARTERO_DIGEST_KEYS" in asker.post(page_of(key_asked, "issue/")).text
    assert state(key_asked) is ApprovalState.READY


def test_an_approved_endpoint_is_shown_with_its_url_and_is_on(asker, approver, organization, settings):
    approval = endpoint_asked_for(asker.user, organization)
    page = text_of(approver.get(page_of(approval)))
    assert [words for words in (URL, "recording.transcript_ready", organization.name) if words not in page] == []
    with_keys, settings.DIGEST_KEYS = settings.DIGEST_KEYS, ""
    assert "set CHARTERO_DIGEST_KEYS" in decide(approver, approval, "approved").text
    settings.DIGEST_KEYS = with_keys
    answer = text_of(decide(approver, approval, "approved"))
    assert "The endpoint is on. Hand over its signing secret from its page." in answer
    assert "The endpoint was added. Show the endpoints" in answer
    assert organization.webhook_endpoints.get().is_unshown


def test_an_approval_sends_the_link(asker, approver, organization):
    approval = key_asked_for(asker.user, organization, by_link=True)
    assert f"Link to {CONTACT} Asked for" in text_of(approver.get(page_of(approval)))
    answer = decide(approver, approval, "approved")
    handover = KeyHandover.objects.get()
    assert answer.redirect_chain[-1][0] == f"{KEYS}links/{handover.pk}/"
    assert (handover.state.value, handover.sent_by) == ("sent", "ada")
    assert mail.outbox[-1].subject == "Collect your new API key"
    assert "Show the link" in asker.get(page_of(approval)).text


def test_the_page_says_who_gets_the_link_now_and_who_got_it(asker, approver, organization):
    approval = key_asked_for(asker.user, organization, by_link=True)
    organization.set_contact(CHANGE, name="", email="")
    assert "Link to No contact with an e-mail address" in text_of(approver.get(page_of(approval)))
    organization.set_contact(CHANGE, name="Robin Sample", email=CONTACT)
    assert f"Link to {CONTACT} Robin Sample" in text_of(approver.get(page_of(approval)))
    decide(approver, approval, "approved")
    organization.set_contact(CHANGE, name="Kim Other", email="kim@elsewhere.example")
    shown = text_of(approver.get(page_of(approval)))
    assert f"Link to {CONTACT} Asked for" in shown
    assert "kim@elsewhere.example" not in shown


def test_what_staff_took_away_since_the_approval_is_forecast_and_not_given(asker, approver):
    newcomer = Organization.create("Newcomer", CHANGE)
    approval = key_asked_for(asker.user, newcomer, allowlist=True, enable=[Route.ENCOUNTERS_LIST])
    decide(approver, approval, "approved")
    newcomer.set_access(CHANGE, allowlisted=False)
    assert "organization_not_allowlisted" in asker.get(page_of(approval, "issue/")).text
    asker.post(page_of(approval, "issue/"))
    assert not Organization.objects.get(pk=newcomer.pk).allowlisted


NOTHING = "This key can't call anything yet. You can still issue it."


@pytest.mark.parametrize(("scopes", "warned"), [([*Scope], False), ([Scope.ENCOUNTERS_READ], True)])
def test_issuing_an_approved_key_warns_of_one_that_can_call_nothing(asker, approver, organization, scopes, warned):
    approval = key_asked_for(asker.user, organization, scopes=scopes)
    decide(approver, approval, "approved")
    page = asker.get(page_of(approval, "issue/"))
    assert (NOTHING in text_of(page)) is warned
    assert ('<details class="numbers" open>' in page.text) is warned


def test_a_link_that_cannot_be_sent_is_not_approved(asker, approver, organization, settings):
    approval = key_asked_for(asker.user, organization, by_link=True)
    settings.DEFAULT_FROM_EMAIL = ""
    assert "E-mail is not configured." in decide(approver, approval, "approved").text
    assert state(approval) is ApprovalState.WAITING


def test_a_link_with_a_code_is_sent_by_who_reads_out_the_code(asker, approver, organization):
    approval = key_asked_for(asker.user, organization, by_link=True, phone_code=True)
    assert "ada can now send the link and read out its code." in decide(approver, approval, "approved").text
    handover = KeyHandover.objects.get()
    resend = f"{KEYS}links/{handover.pk}/resend/?phone_code=on"
    assert resend in asker.get(page_of(approval)).text
    assert " checked" in asker.get(resend).text
    assert "It was approved with a code by phone." in text_of(asker.post(resend, follow=True))
    assert "Read this code out by phone." in asker.post(resend, {"phone_code": "on"}).text


def test_the_list_shows_what_waits_first_and_filters(asker, approver, asked, key_asked, organization):
    decide(approver, key_asked, "declined", "No")
    page = approver.get(LIST).text
    assert page.index("Add scopes</a>") < page.index("Issue a key</a>")
    for query, shown in (
        ("state=waiting", ["Add scopes"]),
        ("state=declined", ["Issue a key"]),
        ("kind=key", ["Issue a key"]),
        ("q=ben", ["Issue a key"]),
        (f"q={organization.public_id}", ["Add scopes", "Issue a key"]),
        ("q=nobody", []),
        ("state=unknown", ["Add scopes", "Issue a key"]),
    ):
        rows = [row.title for row in approver.get(f"{LIST}?{query}").context["page"].object_list]
        assert rows == shown, query


def test_an_empty_list_says_so(approver):
    assert "Nobody has asked for an approval yet." in approver.get(LIST).text


def test_home_says_what_i_can_decide_and_what_waits_for_others(asker, approver, asked, key_asked):
    mine, others = text_of(approver.get("/admin/")), text_of(asker.get("/admin/"))
    assert "2 changes wait for approval" in mine
    assert "You can decide:" in mine
    assert "None of them waits for you" in others
    decide(approver, key_asked, "approved")
    decide(approver, asked, "declined", "No")
    assert "Approved: you can issue the key" in text_of(asker.get("/admin/"))
    assert 'id="approvals"' not in approver.get("/admin/").text


def test_the_pages_of_the_key_and_the_organization_say_that_it_waits(approver, asked, key, organization):
    for page in (f"{KEYS}{key.pk}/change/", organization_page(organization), organization_page(organization, "access")):
        assert "Waiting for approval." in text_of(approver.get(page))


def test_the_navigation_has_approvals_only_where_they_are_required(approver, settings):
    assert f'href="{LIST}"' in approver.get(ORGANIZATIONS).text
    settings.FOUR_EYES = False
    assert f'href="{LIST}"' not in approver.get(ORGANIZATIONS).text


def test_enabling_a_route_asks_and_disabling_is_done(asker, organization):
    first, *others = organization.enabled_routes()
    organization.set_access(CHANGE, disable=[Route.named(first)])
    given = {"routes": [first, *others[:-1]], "shown": ["allowlist", *others], "allowlisted": "on", "reason": "Go"}
    given["confirmed"] = others[-1]
    page = text_of(asker.post(organization_page(organization, "access"), given, follow=True))
    assert "Switched off: changes.list." in page
    assert "It is waiting for approval." in page
    assert Approval.objects.get().facts["enable"] == ["encounters.list"]


def test_adding_a_scope_asks(asker, key):
    given = {"scopes": ["encounters:read"], "shown": ["encounters:read"], "reason": "Go-live"}
    review = text_of(asker.post(f"{KEYS}{key.pk}/scopes/", given | {"shown": []}))
    assert "Ask for approval" in review
    assert "It is waiting for approval." in text_of(asker.post(f"{KEYS}{key.pk}/scopes/", given, follow=True))
    assert Approval.objects.get().facts == {"scopes": ["encounters:read"]}


@pytest.fixture
def form(organization) -> dict:
    return {
        "organization": organization.name, "label": "EHR sync", "scopes": ["encounters:read"], "lifetime": "30",
        "reason": "Go-live",
    }  # fmt: skip


@pytest.mark.parametrize(("step", "by_link"), [("issue", False), ("send", True)])
def test_issuing_a_key_asks_for_it(asker, form, step, by_link):
    review = text_of(asker.post(ISSUE, form | {"step": "check"}))
    assert "Another person has to approve this key." in review
    answer = asker.post(ISSUE, form | {"step": step, "phone_code": "on"}, follow=True)
    approval = Approval.objects.get()
    assert answer.redirect_chain[-1][0] == page_of(approval)
    assert (approval.facts["by_link"], approval.facts["phone_code"]) == (by_link, by_link)
    assert approval.by_asker is not by_link
    assert approval.facts["lifetime_hours"] == 720
    assert not ApiKey.objects.filter(label="EHR sync").exists()


def test_a_key_is_asked_for_with_a_reason_once_and_only_if_it_could_be_issued(asker, form, settings):
    assert "Give the reason for asking for this key." in asker.post(ISSUE, form | {"reason": "", "step": "issue"}).text
    settings.DIGEST_KEYS = ""
    assert "set CHARTERO_DIGEST_KEYS" in asker.post(ISSUE, form | {"step": "issue"}).text
    assert not Approval.objects.exists()


def test_access_together_with_a_test_key_is_asked_for_on_a_page_of_its_own(asker, form, settings):
    settings.ACCEPT_TEST_KEYS = True
    given = form | {"organization": Organization.create("Newcomer", CHANGE).name, "kind": "test", "allowlist": "on"}
    refusal = text_of(asker.post(ISSUE, given | {"step": "check"}))
    assert "Ask for the access on the organization's page, then issue the key without it." in refusal


def test_the_same_key_is_not_asked_for_twice(asker, form):
    asker.post(ISSUE, form | {"step": "issue"})
    assert "The same is already waiting for approval." in asker.post(ISSUE, form | {"step": "issue"}).text


def test_staff_get_an_e_mail_with_the_way_to_the_page(asked):
    email = mail.outbox[-1]
    assert email.subject == "A change waits for approval"
    assert f"https://api.example.com{page_of(asked)}" in email.body.replace("com//", "com/")
    assert "Add scopes" in email.body


def test_a_request_is_made_even_if_the_e_mail_fails(asker, organization, monkeypatch, caplog, settings):
    monkeypatch.setattr(Postbox, "refused", {settings.STAFF_EMAIL[0]})
    key_asked_for(asker.user, organization)
    assert "could not be sent" in caplog.text
    settings.STAFF_EMAIL = []
    key_asked_for(asker.user, organization, label="Another")
    assert Approval.objects.waiting().count() == 2
    assert mail.outbox == []
