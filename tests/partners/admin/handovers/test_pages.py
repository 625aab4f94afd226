"""The pages of links: what staff see of each state, and what they can do."""

from datetime import timedelta

import pytest
from django.core import mail

from partners.keys.links import ATTEMPTS
from partners.models import ApiKey, HandoverState, KeyHandover
from tests.factories import CHANGE, issue
from tests.partners.support.handing_over import CONTACT, FROM, expire, links_mailed, prepared, sent
from tests.partners.support.key_pages import KEYS, MARKUP
from tests.partners.support.postbox import Postbox
from tests.partners.support.staff import page_of as organization_page
from tests.partners.support.staff import statements
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db
LIST = f"{KEYS}links/"


def page_of(handover: KeyHandover, page: str = "") -> str:
    return f"{LIST}{handover.pk}/{page}"


def text(client, path: str) -> str:
    return " ".join(client.get(path).text.split())


def lock(handover: KeyHandover) -> None:
    sent(handover, with_code=True)
    for _ in range(ATTEMPTS):
        handover.accept_code("wrong", FROM)


STORIES = [
    ("not sent", lambda each: None, "The e-mail was not sent."),
    ("sent", sent, "Nobody has opened the link yet."),
    ("opened", lambda each: (sent(each), each.open(FROM)), f"from {FROM}."),
    ("collected", lambda each: (sent(each), each.collect(FROM)), "<strong>Collected</strong>"),
    ("reused", lambda each: (sent(each), each.collect(FROM), each.open(FROM)), "Somebody used the link again"),
    ("expired", lambda each: (sent(each), expire(each)), "before it was collected."),
    ("locked", lock, "Locked after five wrong codes."),
    ("withdrawn", lambda each: each.withdraw(CHANGE), "<strong>Withdrawn</strong>"),
]


@pytest.mark.parametrize(("name", "live", "says"), STORIES, ids=[name for name, *_ in STORIES])
def test_each_state_is_shown_with_what_to_do(onboarding, support, handover, name, live, says):
    live(handover)
    over = name in ("collected", "reused", "withdrawn")
    page = text(onboarding, page_of(handover))
    assert says in page
    assert ("Send a new link</a>" in page, "Withdraw</a>" in page) == (not over, not over)
    assert "Send a new link</a>" not in text(support, page_of(handover))
    assert handover.label in text(support, f"{LIST}?show=all")
    assert (handover.label in text(support, LIST)) == (not over)


def test_nobody_is_named_as_the_recipient_of_what_was_not_sent(onboarding, handover):
    handover.new_link(CHANGE, None)
    assert "<dd>Nobody yet</dd> <dt>Sent</dt> <dd>Not yet</dd>" in text(onboarding, page_of(handover))
    handover.note_sent(CHANGE)
    assert f"<dt>Sent to</dt><dd>{CONTACT}</dd>" in text(onboarding, page_of(handover))


def test_a_new_link_is_sent_and_the_old_one_is_dead(onboarding, handover):
    old, _ = sent(handover)
    assert f"It goes to <strong>{CONTACT}</strong>." in text(onboarding, page_of(handover, "resend/"))
    answer = onboarding.post(page_of(handover, "resend/"), {"reason": "lost"}, follow=True)
    assert f"Link sent to {CONTACT}." in answer.text
    assert KeyHandover.objects.of_link(old) is None
    assert KeyHandover.objects.of_link(links_mailed()[0]) == handover
    assert handover.events.first().reason == "lost"


def test_a_new_link_may_have_a_code(onboarding, handover):
    sent(handover, with_code=True)
    assert 'name="phone_code"' in onboarding.get(page_of(handover, "resend/")).text
    assert '<output id="code">' in onboarding.post(page_of(handover, "resend/"), {"phone_code": "on"}).text
    assert KeyHandover.objects.get().has_code


def test_a_link_that_cannot_be_sent_again_says_why(onboarding, handover, partner, settings):
    Postbox.down = True
    assert "The link was not sent." in onboarding.post(page_of(handover, "resend/"), follow=True).text
    Postbox.down, settings.DEFAULT_FROM_EMAIL = False, ""
    assert "E-mail is not configured." in onboarding.post(page_of(handover, "resend/")).text
    settings.DEFAULT_FROM_EMAIL = "access@example.com"
    partner.set_contact(CHANGE, name="", email="")
    assert "has no contact with an e-mail" in onboarding.get(page_of(handover, "resend/")).text
    assert "has no contact with an e-mail" in onboarding.post(page_of(handover, "resend/"), follow=True).text
    assert not mail.outbox


def test_a_link_is_withdrawn_with_a_reason(onboarding, handover):
    token, _ = sent(handover)
    assert "This field is required." in onboarding.post(page_of(handover, "withdraw/")).text
    answer = onboarding.post(page_of(handover, "withdraw/"), {"reason": "wrong person"}, follow=True)
    assert "Link withdrawn. Nobody can use it." in answer.text
    assert KeyHandover.objects.of_link(token).state is HandoverState.WITHDRAWN


@pytest.mark.parametrize("page", ["resend/", "withdraw/"])
def test_what_is_over_stays_as_it_is(onboarding, handover, page):
    sent(handover)
    handover.collect(FROM)
    for answer in (onboarding.get(page_of(handover, page)), onboarding.post(page_of(handover, page), {"reason": "x"})):
        assert "It is too late: the link was collected." in answer.text
    assert KeyHandover.objects.get().state is HandoverState.COLLECTED


@pytest.mark.parametrize("page", ["", "resend/", "withdraw/"])
def test_the_way_to_a_link_leads_through_what_it_is_for(onboarding, handover, page):
    endpoint = added(handover.organization, shown=False)
    ways = {handover: f"{LIST}", KeyHandover.prepare_secret(CHANGE, None, endpoint): f"/admin/webhooks/{endpoint.pk}/"}
    for each, way in ways.items():
        trail = onboarding.get(page_of(each, page)).text.partition('class="breadcrumbs"')[2].partition("</div>")[0]
        assert [other for other in ways.values() if f'href="{other}"' in trail] == [way]


@pytest.mark.parametrize("page", ["resend/", "withdraw/"])
def test_support_changes_nothing(support, handover, page):
    assert support.get(page_of(handover, page)).status_code == 403
    assert support.post(page_of(handover, page), {"reason": "x"}).status_code == 403


def test_an_obstacle_is_shown(onboarding, handover, partner):
    sent(handover)
    partner.set_access(CHANGE, allowlisted=False)
    assert "It can't be collected now.</strong> The organization is not allowlisted." in text(
        onboarding, page_of(handover)
    )


def test_a_rotation_names_the_key_that_is_replaced(onboarding, partner):
    key, _ = issue(partner)
    handover = KeyHandover.prepare_successor(CHANGE, None, key, overlap=timedelta(hours=24))
    assert "works for another 24 hours after the collection" in text(onboarding, page_of(handover))
    assert f"replaces {key.quotable}…" in text(onboarding, LIST)


def test_the_organization_and_home_show_what_waits(onboarding, handover, partner):
    assert "Links that wait" in text(onboarding, organization_page(partner, "keys"))
    assert "1 link needs a look" in text(onboarding, "/admin/")
    sent(handover)
    assert "needs a look" not in text(onboarding, "/admin/")
    handover.collect(FROM)
    assert "Links that wait" not in text(onboarding, organization_page(partner, "keys"))


def test_a_long_list_has_pages_and_a_fixed_number_of_statements(onboarding, partner):
    prepared(partner)
    number = statements(onboarding, LIST)
    for each in range(55):
        prepared(partner, label=f"System {each}")
    assert statements(onboarding, LIST) == number
    first, last = text(onboarding, LIST), text(onboarding, f"{LIST}?page=2")
    assert "Page 1 of 3" in first
    assert "Older" in first
    assert "Newer" in last


def test_an_empty_list_says_so(support, db):
    assert "No link is waiting." in text(support, LIST)
    assert "Nothing was handed over by link yet." in text(support, f"{LIST}?show=all")


def test_markup_shows_as_it_is_written(onboarding, partner):
    handover = prepared(partner, label=MARKUP)
    sent(handover)
    for path in (LIST, page_of(handover), page_of(handover, "resend/"), organization_page(partner, "keys")):
        assert MARKUP not in onboarding.get(path).text
    assert not ApiKey.objects.exists()
