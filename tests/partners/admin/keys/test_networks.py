"""The page of a key's allowed networks, and what other pages say of them."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from partners.models import AllowedNetwork, ApiKey, KeyNetwork
from tests.factories import CHANGE, issue
from tests.partners.support.calls import called, met
from tests.partners.support.diagnosing import text_of
from tests.partners.support.key_pages import KEYS, MARKUP, page_of
from tests.partners.support.staff import make_stale

pytestmark = pytest.mark.django_db
OFFICE = "203.0.113.0/24 Main office"


def allow(key: ApiKey, mode: str, *texts: str) -> None:
    key.set_networks(mode, AllowedNetwork.listed((text, "Main office") for text in texts), CHANGE)


def save(client, key: ApiKey, mode="watch", networks=OFFICE, **values):
    given = {"mode": mode, "networks": networks, "reason": "the partner asks", "step": "save"}
    return client.post(page_of(key, "networks"), given | values)


def kept(key: ApiKey) -> tuple[str, list[str]]:
    key.refresh_from_db()
    return key.network_mode, list(map(str, key.allowed_networks.all()))


def served_from(key: ApiKey, network: str, *, ago: timedelta) -> None:
    met(key, network, ago=timedelta(days=40))
    KeyNetwork.objects.filter(api_key=key, network=network).update(last_served_at=timezone.now() - ago)


@pytest.fixture
def in_use(key) -> ApiKey:
    """A key that was served from two networks, lately and some time ago, and refused in a third."""
    served_from(key, "198.51.100.0/24", ago=timedelta(days=1))
    served_from(key, "2001:db8:0:1::/64", ago=timedelta(days=8))
    met(key, "192.0.2.0/24", ago=timedelta(hours=1))
    return key


def test_networks_are_saved_with_their_names(onboarding, key):
    answer = save(onboarding, key, "enforce", f"{OFFICE}\r\n\r\n2001:db8::/48 Cloud")
    assert answer.status_code == 302
    assert [each.message for each in get_messages(answer.wsgi_request)] == [
        "Networks saved. They apply from the next call."
    ]
    assert kept(key) == ("enforce", [OFFICE, "2001:db8::/48 Cloud"])


def test_the_form_shows_what_is_saved(onboarding, key):
    allow(key, "watch", "203.0.113.0/24")
    page = onboarding.get(page_of(key, "networks"))
    assert OFFICE in page.text
    assert page.text.count(" checked") == 1
    assert page.context["form"]["mode"].value() == "watch"


def test_every_error_of_a_list_is_shown_beside_it(onboarding, key):
    page = save(onboarding, key, networks=f"office {MARKUP}\n203.0.113.9/24 Office\n198.51.100.7")
    text = text_of(page)
    assert "“office” is not a network" in text
    assert "203.0.113.9/24 begins at another address." in text
    assert "198.51.100.7/32: Give this network a name" in text
    assert MARKUP not in page.text
    assert kept(key) == ("off", [])


@pytest.mark.parametrize("mode", ["watch", "enforce"])
def test_without_a_network_the_mode_is_refused(onboarding, key, mode):
    assert "Add a network first, or turn the networks off." in save(onboarding, key, mode, "").text
    assert kept(key) == ("off", [])


@pytest.mark.parametrize("given", [{"reason": ""}, {"mode": "all"}, {"networks": "x" * 10_001}])
def test_an_incomplete_form_changes_nothing(onboarding, key, given):
    assert "errors" in save(onboarding, key, **given).text
    assert kept(key) == ("off", [])


def test_the_same_networks_change_nothing(onboarding, key):
    allow(key, "watch", "203.0.113.0/24")
    number = key.events.count()
    assert "already up to date" in onboarding.get(save(onboarding, key).url).text
    assert key.events.count() == number


def test_networks_take_a_fresh_password(onboarding, key):
    make_stale(onboarding)
    assert "Confirm your password" in save(onboarding, key).text
    assert kept(key) == ("off", [])


def test_the_networks_in_use_are_shown_with_their_last_use(onboarding, in_use):
    allow(in_use, "watch", "198.51.0.0/16")
    page = onboarding.get(page_of(in_use, "networks"))
    rows = [(each.network, listed) for each, listed in page.context["used"]]
    assert rows == [("198.51.100.0/24", True), ("2001:db8:0:1::/64", False)]
    assert f"{timezone.now() - timedelta(days=8):%Y-%m-%d}" in text_of(page)
    assert "192.0.2.0/24" not in page.text


def test_without_any_the_page_says_so(onboarding, key):
    page = onboarding.get(page_of(key, "networks"))
    assert "No call with this key has been served yet" in text_of(page)
    assert "Use the networks seen so far" not in page.text


def test_only_the_last_ones_are_shown(onboarding, key):
    for number in range(12):
        served_from(key, f"203.0.{number}.0/24", ago=timedelta(days=number))
    page = onboarding.get(page_of(key, "networks"))
    assert (len(page.context["used"]), page.context["more"]) == (10, 2)
    assert "2 more are not shown" in text_of(page)


def test_one_click_puts_the_networks_seen_into_the_list_and_saves_nothing(onboarding, in_use):
    page = save(onboarding, in_use, "enforce", OFFICE, ticket="OPS-7", step="use")
    since = timezone.now() - timedelta(days=40)
    names = [f"{each} Seen since {since:%Y-%m-%d}" for each in ("198.51.100.0/24", "2001:db8:0:1::/64")]
    form = page.context["form"]
    assert form["networks"].value().splitlines() == names
    assert (form["mode"].value(), form["ticket"].value()) == ("enforce", "OPS-7")
    assert kept(in_use) == ("off", [])
    save(onboarding, in_use, "enforce", form["networks"].value())
    assert kept(in_use) == ("enforce", names)


def test_a_network_in_use_is_shut_out_only_after_a_confirmation(onboarding, in_use):
    page = save(onboarding, in_use, "enforce")
    assert [each.network for each in page.context["shut_out"]] == ["198.51.100.0/24"]
    assert "Yes, refuse calls from these networks" in text_of(page)
    assert kept(in_use) == ("off", [])
    save(onboarding, in_use, "enforce", confirmed="on")
    assert kept(in_use) == ("enforce", [OFFICE])


@pytest.mark.parametrize("given", [{"mode": "watch"}, {"mode": "enforce", "networks": "198.51.0.0/16 Cloud"}])
def test_nothing_is_confirmed_that_shuts_nobody_out(onboarding, in_use, given):
    assert save(onboarding, in_use, **given).status_code == 302


def test_a_revoked_key_offers_no_form(onboarding, key):
    key.revoke(CHANGE)
    page = onboarding.get(page_of(key, "networks"))
    assert "The key is revoked" in page.text
    assert "Save networks" not in page.text
    assert "The key is revoked" in save(onboarding, key).text


# Other pages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("off", "Any, a list is kept"),
        ("watch", "Any, watched against a list of 7"),
        ("enforce", "7 allowed, all others refused"),
    ],
)
def test_the_page_of_a_key_says_from_where_it_may_be_used(support, key, mode, words):
    allow(key, mode, *(f"203.0.{number}.0/24" for number in range(7)))
    text = text_of(support.get(f"{KEYS}{key.pk}/change/"))
    assert words in text
    assert "203.0.4.0/24 Main office And 2 more" in text
    assert "Change networks" not in text


def test_calls_from_outside_watched_networks_are_told_and_lead_to_their_records(support, key):
    allow(key, "watch", "203.0.113.0/24")
    called(key, times=2, address="198.51.100.7", outside_networks=True)
    called(key, address="203.0.113.9")
    page = support.get(f"{KEYS}{key.pk}/change/")
    assert "In the last 7 days 2 calls from 1 network would have been refused" in text_of(page)
    calls = support.get(f"/admin/partners/requestrecord/?key={key.public_id}&code=outside&time=7d")
    assert [group.newest.address for group in calls.context["groups"]] == ["198.51.100.7"] * 2


@pytest.mark.parametrize("mode", ["off", "enforce"])
def test_nothing_is_told_of_them_otherwise(support, key, mode):
    called(key, address="198.51.100.7", outside_networks=True)
    allow(key, mode, "203.0.113.0/24")
    assert "would have been refused" not in text_of(support.get(f"{KEYS}{key.pk}/change/"))


def test_the_record_of_such_a_call_says_so(support, key):
    (record,) = called(key, outside_networks=True)
    text = text_of(support.get(f"/admin/partners/requestrecord/{record.request_id}/"))
    assert "The call came from none of the networks that were allowed for the key." in text


@pytest.mark.parametrize("mode", ["off", "watch", "enforce"])
def test_the_list_of_keys_is_filtered_by_mode(support, organization, mode):
    for each in ("off", "watch", "enforce"):
        allow(issue(organization, label=each)[0], each, "203.0.113.0/24")
    found = support.get(f"{KEYS}?networks={mode}").context["cl"].result_list
    assert [key.label for key in found] == [mode]


def test_a_change_is_told_from_old_to_new(security, key):
    allow(key, "watch", "203.0.113.0/24")
    allow(key, "enforce", "198.51.100.7")
    text = text_of(security.get(f"/admin/partners/changeevent/{key.events.first().pk}/change/"))
    assert "Networks watch" in text
    assert "203.0.113.0/24 Main office" in text
