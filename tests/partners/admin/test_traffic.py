"""What the pages of a key and of an organization tell of calls, to whom."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from partners.models import KeyUse
from tests.factories import issue
from tests.partners.support.calls import called, met, used
from tests.partners.support.staff import page_of, statements

pytestmark = pytest.mark.django_db
KEYS, REQUESTS = "/admin/partners/apikey/", "/admin/partners/requestrecord/"


def page(name, key) -> str:
    return f"{KEYS}{key.pk}/change/" if name == "key" else page_of(key.organization, "calls")


def calls_of(client, name, key) -> str:
    """Return the part of the page that tells of calls, its blanks made one."""
    text = client.get(page(name, key)).text.split('<section aria-labelledby="calls">')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", text)


both = pytest.mark.parametrize("name", ["key", "organization"])


@both
def test_before_the_first_call_nothing_is_made_up(support, name, key):
    text = calls_of(support, name, key)
    for words in ("Never used", "Never refused", "No calls since ", "None yet."):
        assert words in text
    assert "Last calls" not in text
    assert 'class="chart"' not in text


@both
def test_answers_are_listed_by_code_with_numbers_and_bars(support, name, key):
    called(key, times=1_200, every=timedelta(milliseconds=1))
    called(key, "invalid_limit", times=600, every=timedelta(milliseconds=1))
    text = calls_of(support, name, key).split("<h3>Answers</h3>")[1]
    assert re.findall(r'<rect(?: class="refused")? width="(\d+)"', text) == ["100", "50"]
    assert '<span class="figure"> 1,200' in text
    assert re.search(r'code=invalid_limit&amp;time=own&amp;start=[-0-9T:]+&amp;end=[-0-9T:]+">600</a>', text)
    assert '/admin/reasons/invalid_limit/"' in text


@both
def test_the_links_lead_to_those_calls(support, name, key):
    called(key, "invalid_limit", ago=timedelta(days=2))
    called(key, "missing_scope", ago=timedelta(days=2))
    text = calls_of(support, name, key)
    address = re.search(rf'href="({REQUESTS}[^"]*code=invalid_limit&amp;time=own[^"]*)"', text)[1]
    listed = support.get(address.replace("&amp;", "&")).text.split("<tbody>")[1]
    assert ("invalid_limit" in listed, "missing_scope" in listed) == (True, False)
    owner = f"key={key.public_id}" if name == "key" else f"organization={key.organization.public_id}"
    assert f'href="{REQUESTS}?{owner}&amp;time=all"' in text


@both
def test_the_last_refusal_leads_to_its_diagnosis_and_its_record(support, name, key):
    refused = called(key, "missing_scope", ago=timedelta(days=30))[0]
    text = calls_of(support, name, key)
    assert f"/admin/diagnosis/?call={refused.request_id}" in text
    assert f'href="{REQUESTS}{refused.request_id}/"' in text
    assert "Refused, 403" in text


@both
def test_calls_in_a_row_that_were_refused_alike_are_one_line(support, name, key):
    called(key, "invalid_limit", times=37)
    text = calls_of(support, name, key).split("Last calls")[1]
    assert text.count("<strong>× 37</strong>") == 1
    assert text.count("Refused, 422") == 1
    assert text.count(key.label) == (name == "organization")


@both
def test_new_networks_are_marked(support, name, key):
    met(key, "192.0.2.0/24", ago=timedelta(days=8))
    met(key, "198.51.100.0/24", ago=timedelta(days=6))
    text = calls_of(support, name, key)
    assert re.findall(r'class="mono">([0-9./]+)</span>( <span class="state new">New)?', text) == [
        ("198.51.100.0/24", ' <span class="state new">New'),
        ("192.0.2.0/24", ""),
    ]


def test_of_many_networks_the_newest_are_shown(support, key):
    for number in range(11):
        met(key, f"192.0.{number}.0/24", ago=timedelta(days=number + 1))
    text = calls_of(support, "key", key)
    assert "The newest 10 of 11" in text
    assert "192.0.10.0/24" not in text


@both
def test_the_last_use_is_shown_to_the_minute(support, name, key):
    used(key, hours=3)
    text = calls_of(support, name, key)
    assert f"{key.last_used_at:%Y-%m-%d %H:%M} UTC" in text
    assert "3 hours ago" in text
    assert ("with <span" in text) == (name == "organization")


def test_an_organizations_last_use_is_that_of_the_key_used_last(support, key):
    used(issue(key.organization, label="Older")[0], days=2)
    used(issue(key.organization, label="Latest")[0], hours=2)
    facts = calls_of(support, "organization", key).partition("</dl>")[0]
    assert ("Latest" in facts, "Older" in facts) == (True, False)


def test_each_route_says_when_it_was_used_last(support, key):
    at = timezone.now() - timedelta(days=3)
    KeyUse.objects.create(api_key=key, route="encounters.detail", first_used_at=at, last_used_at=at)
    text = support.get(page("key", key)).text.split("Checks the key")[1].split("</table>")[0]
    cells = r'data-label="Route"[^>]*>([a-z.]+)<.*?data-label="Last used"[^>]*>(.*?)</td>'
    rows = dict(re.findall(cells, text, re.DOTALL))
    assert f"{at:%Y-%m-%d %H:%M} UTC" in rows.pop("encounters.detail")
    assert {value.strip() for value in rows.values()} == {'<span class="soft">Never</span>'}


def test_people_who_may_not_see_requests_see_only_the_last_use(key):
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_apikey", "view_organization"]))
    client = Client()
    client.force_login(user)
    called(key, "invalid_limit")
    used(key, hours=3)
    text = calls_of(client, "key", key)
    assert "3 hours ago" in text
    assert [words for words in ("invalid_limit", "Networks", "Last refused", REQUESTS) if words in text] == []


@both
def test_the_number_of_statements_is_fixed(support, name, key):
    none = statements(support, page(name, key))
    called(key, "invalid_limit", times=40)
    called(key, times=40)
    met(key, "192.0.2.0/24", ago=timedelta(days=8))
    assert statements(support, page(name, key)) == none
