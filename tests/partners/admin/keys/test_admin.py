"""The list of API keys, the search that takes a pasted token, and one key's page."""

import html
import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.keys import tokens
from partners.models import ApiKey, ApiKeySwitch, KeyState
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import used
from tests.partners.support.diagnosing import text_of, with_wrong_secret
from tests.partners.support.staff import signed_in

pytestmark = pytest.mark.django_db
LIST, FIND = "/admin/partners/apikey/", "/admin/partners/apikey/find/"


def page_of(key) -> str:
    return f"{LIST}{key.pk}/change/"


def expired(key):
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now())


@pytest.fixture
def keys(organization):
    """A key in every state, by the name of the state."""
    made = {
        name: issue(organization, label=f"The {name} one")[0] for name in ("active", "disabled", "revoked", "expired")
    }
    made["disabled"].disable(CHANGE)
    made["revoked"].revoke(CHANGE)
    expired(made["expired"])
    used(made["active"], hours=23)
    used(made["disabled"], days=89)
    used(made["revoked"], days=91)
    made["expiring"] = issue(organization, label="The expiring one", expires_at=timezone.now() + timedelta(days=3))[0]
    made["expiring"].set_limit(CHANGE, 100)
    return made


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"active", "disabled", "revoked", "expired", "expiring"}),
        ("state=active", {"active", "expiring"}),
        ("expires=14", {"expiring"}),
        ("state=disabled", {"disabled"}),
        ("state=revoked", {"revoked"}),
        ("state=expired", {"expired"}),
        ("q=The+act", {"active"}),
        ("organization=Invented", {"active", "disabled", "revoked", "expired", "expiring"}),
        ("organization=Elsewhere", set()),
        ("scope=patients:read&state=disabled", {"disabled"}),
        ("digest_key=2&state=revoked", {"revoked"}),
        ("digest_key=1", set()),
        ("digest_key=missing", set()),
        ("limit=yes", {"expiring"}),
        ("limit=no&state=active", {"active"}),
        ("used=lately", {"active"}),
        ("used=idle", {"revoked"}),
        ("used=never", {"expired", "expiring"}),
        ("used=nonsense", {"active", "disabled", "revoked", "expired", "expiring"}),
    ],
)
def test_the_list_filters(support, keys, query, shown):
    text = support.get(f"{LIST}?{query}").text
    assert {name for name in keys if f"The {name} one" in text} == shown


def test_a_key_under_a_digest_key_that_is_gone_is_found(support, keys, settings):
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    assert "The active one" in support.get(f"{LIST}?digest_key=missing").text
    assert "calls answer 503" in support.get(page_of(keys["active"])).text


def test_a_state_is_the_same_for_one_key_and_for_many(keys):
    for state in KeyState:
        assert {key.pk for key in ApiKey.objects.in_state(state)} == {
            key.pk for key in ApiKey.objects.all() if key.state is state
        }


def test_a_pasted_token_leads_to_its_key_and_into_no_url(support, organization):
    key, token = issue(organization)
    answer = support.post(FIND, {"q": f" {token}\n"})
    assert answer.url == page_of(key)


LEAKED = {
    "in the environment": "CHARTERO_KEY={}",
    "quoted": '"{}"',
    "in a header": "Authorization: Bearer {}",
    "in curl": "curl -H 'Authorization: Bearer {}' https://api.example.com/external/v1/encounters",
    "in json": '{{"key": "{}"}}',
}


@pytest.mark.parametrize("write", LEAKED.values(), ids=LEAKED)
@pytest.mark.parametrize("piece", [slice(None), slice(6, None)], ids=["whole", "no prefix"])
def test_a_leaked_token_leads_to_its_key_however_it_was_found(support, organization, write, piece):
    key, token = issue(organization)
    answer = support.post(FIND, {"q": write.format(token[piece])}, follow=True)
    assert answer.redirect_chain == [(page_of(key), 302)]
    assert "whole token, and its secret is right" in answer.text
    assert token[18:] not in answer.text


@pytest.mark.parametrize("piece", [slice(0, 18), slice(6, 18), slice(0, 40), slice(6, -1)])
def test_a_piece_leads_to_the_key_and_says_that_no_secret_was_verified(support, organization, piece):
    key, token = issue(organization)
    answer = support.post(FIND, {"q": f"x={token[piece]}"}, follow=True)
    assert answer.redirect_chain == [(page_of(key), 302)]
    assert "Its secret was not verified" in answer.text


def test_several_keys_are_listed_each_with_its_match(support, organization):
    (one, first), (two, second) = issue(organization), issue(organization)
    answer = support.post(FIND, {"q": f"{first} {second[:25]}"})
    for told in ("2 keys found", page_of(one), page_of(two), "its secret is right", "Its secret was not verified"):
        assert told in html.unescape(answer.text)
    assert not {first[18:], second[18:25]} & {answer.text[at : at + 49] for at in range(len(answer.text))}


def test_two_public_parts_find_two_keys(support, organization):
    keys = [issue(organization)[0] for _ in range(2)]
    answer = support.post(FIND, {"q": " ".join(key.public_part for key in keys)})
    assert "2 keys found" in answer.text


NOTHING = "No key of this deployment was found in the text."


@pytest.mark.parametrize(
    "make",
    [
        lambda: tokens.mint(is_test=False).text,
        lambda: tokens.mint(is_test=False).text[20:],
        lambda: tokens.mint(is_test=False).text[:30],
        lambda: "ch_sk_0123456789ab",
        lambda: tokens.mint(is_test=False).text[6:20],
        lambda: f"%{tokens.mint(is_test=False).text[18:30]}%41",
    ],
    ids=range(6),
)
def test_nothing_found_is_no_all_clear_and_nothing_is_repeated(support, organization, make, caplog):
    pasted = make()
    with caplog.at_level(logging.DEBUG):
        answer = support.post(FIND, {"q": pasted})
    assert answer.status_code == 200
    for told in (NOTHING, "A key may still have leaked.", "What was searched", "What can't be found"):
        assert told in html.unescape(answer.text)
    assert pasted not in answer.text + caplog.text + str(dict(support.session.items()))


def test_a_token_of_another_deployment_is_recognized(support):
    answer = support.post(FIND, {"q": tokens.mint(is_test=False).text}).text
    assert "1 whole token in the text" in answer
    assert "whole token in the text" not in support.post(FIND, {"q": "ch_sk_ " * 30_000}).text


@pytest.mark.parametrize("label", ["Patientenaktensystem", "Nightly export"])
def test_a_label_is_looked_for_in_the_list(support, organization, label):
    issue(organization, label=label)
    answer = support.post(FIND, {"q": label}, follow=True)
    assert answer.redirect_chain[0][0].startswith(f"{LIST}?q=")
    assert label.replace("\0", "") in answer.text


def test_a_wrong_secret_or_an_unloaded_digest_key_verifies_nothing(support, organization, settings):
    token = issue(organization)[1]
    answer = support.post(FIND, {"q": with_wrong_secret(token)}, follow=True)
    assert "but with another secret" in answer.text
    settings.DIGEST_KEYS = ""
    assert "could not be verified" in support.post(FIND, {"q": token}, follow=True).text


@pytest.mark.parametrize("quote", ["ch_sk_{}…", "ch_sk_{}", "{}", " {}... "])
def test_a_key_is_found_by_what_people_quote_of_it(support, organization, quote):
    key, other = issue(organization)[0], issue(organization, label="Another")[0]
    answer = support.post(FIND, {"q": quote.format(key.public_part)}, follow=True)
    assert key.public_part in answer.text
    assert other.public_part not in answer.text


def test_find_accepts_only_post(support):
    assert support.get(FIND).status_code == 405


def test_statements_do_not_grow_with_the_list(support, organization):
    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert support.get(LIST).status_code == 200
        return len(captured)

    issue(organization)
    one = statements()
    for _ in range(20):
        issue(OrganizationFactory())
    assert statements() == one


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("active", "This key works. See below what it can call."),
        ("expiring", "Rotate it early enough for the partner to switch."),
        ("disabled", "Every call is refused. Security can enable it again."),
        ("revoked", "A revoked key can't be restored."),
        ("expired", "It can't be extended. If the partner still needs access, issue a replacement."),
    ],
)
def test_a_key_says_what_its_state_means(support, keys, name, said):
    assert said in text_of(support.get(page_of(keys[name])))


@pytest.mark.parametrize("name", ["active", "disabled", "expired"])
def test_only_a_key_that_can_be_disabled_says_so_where_it_is_revoked(keys, name):
    security = signed_in("Security")
    for page in (page_of(keys[name]), f"{LIST}{keys[name].pk}/revoke/"):
        said = text_of(security.get(page))
        assert "a revoked key can't be restored." in said
        assert ("disable it instead" in said) == (name == "active")


def test_a_rotation_is_shown_from_both_ends(support, organization):
    old, _ = issue(organization)
    new, _ = old.rotate(CHANGE)
    assert "The old key works for another 24 hours." in support.get(page_of(old)).text
    assert "Replaces" in support.get(page_of(new)).text
    expired(old)
    assert "Expired after its rotation" in support.get(page_of(old)).text


def test_a_revoked_key_leads_to_its_successor(support, organization):
    old, _ = issue(organization)
    new, _ = old.rotate(CHANGE)
    old.revoke(CHANGE)
    assert f"Its successor is ch_sk_{new.public_part}…" in text_of(support.get(page_of(old)))


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("active", {"Rotate", "Disable"}),
        ("disabled", {"Enable"}),
        ("expired", {"Issue a replacement"}),
        ("revoked", {"Issue a replacement"}),
    ],
)
def test_a_state_offers_what_makes_sense_in_it(security, support, keys, name, offered):
    actions = ("Rotate", "Disable", "Enable", "Issue a replacement")
    text, of_support = (client.get(page_of(keys[name])).text for client in (security, support))
    assert {action for action in actions if f">{action}</a>" in text} == offered
    assert not any(f">{action}</a>" in of_support for action in actions)


def test_a_key_with_a_successor_is_not_replaced_again(security, organization):
    old, _ = issue(organization)
    old.rotate(CHANGE)
    expired(old)
    assert "Issue a replacement" not in security.get(page_of(old)).text


def test_the_policy_says_if_a_call_would_pass(support, organization):
    key, _ = issue(organization)
    assert support.get(page_of(key)).text.count("Passes") == len(Route)
    ApiKeySwitch.turn(False, CHANGE)
    answer = support.get(page_of(key)).text
    assert answer.count("api_keys_disabled") >= 2
    assert "API-key authentication is off." in answer


def test_a_key_of_no_organization(support):
    answer = support.get(page_of(issue(None)[0])).text
    assert answer.count("org_scope_only_required</code>") == len(Route.grantable())
    assert "None: this key can read no data" in answer
    assert answer.count("Passes") == 1
    assert "Passes" in answer.partition('data-label="Route">key.read</th>')[2].partition("</tr>")[0]


def test_a_key_has_a_page_by_its_public_id_and_other_ids_have_none(support, organization):
    key, _ = issue(organization)
    assert support.get(f"{LIST}{key.public_id}/change/").status_code == 200
    assert support.get(f"{LIST}nothing/change/").status_code == 404


def test_markup_in_a_label_is_shown_and_not_run(support, organization):
    key, _ = issue(organization, label="<script>alert(1)</script>")
    for page in (LIST, page_of(key)):
        assert "<script>alert" not in support.get(page).text


def test_people_who_may_not_see_keys_see_none(organization):
    client, key = Client(), issue(organization)[0]
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert {client.get(page).status_code for page in (LIST, page_of(key))} == {403}
    assert client.post(FIND, {"q": "x"}).status_code == 403


def test_a_long_list_has_pages_that_keep_the_filter(support, organization):
    for number in range(26):
        issue(organization, label=f"Number {number}")
    first = support.get(f"{LIST}?state=active").text
    assert "Page 1 of 2" in first
    assert re.search(r'rel="next" href="\?(p=2&amp;state=active|state=active&amp;p=2)"', first)
    second = support.get(f"{LIST}?state=active&p=2").text
    assert ("Number 0<" in second, "Previous" in second) == (True, True)


@pytest.mark.parametrize(("query", "opened"), [("", False), ("?state=active&used=never", False), ("?tag=ehr", True)])
def test_rare_filters_are_folded_unless_one_is_in_use(support, organization, query, opened):
    page = support.get(LIST + query).text
    assert ('<details class="more" open>' in page, '<details class="more">' in page) == (opened, not opened)
    assert page.index('name="used"') < page.index("More filters") < page.index('name="leaked"')
    assert page.count('name="leaked"') == 1


def test_the_anchors_at_the_top_of_a_key_lead_to_its_parts(support, organization):
    page = support.get(page_of(issue(organization)[0])).text
    anchors = re.findall('<li><a href="#([a-z]+)">', page)
    assert anchors == ["access", "facts", "changes", "calls", "networks"]
    assert all(page.count(f'id="{anchor}"') == 1 for anchor in anchors)
