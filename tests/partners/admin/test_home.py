"""The first page: each thing that needs attention appears with its cause and goes with it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from partners.finding.found import SHOWN
from partners.models import ApiKeySwitch, KeyLeak, Organization, WebhookService
from partners.models.change import Change
from partners.models.keys.leak import Proof
from partners.partitions import present
from partners.record import refused
from partners.triggers import times
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.calls import called, unkeyed_calls, used
from tests.partners.support.staff import signed_in, statements

pytestmark = pytest.mark.django_db
HOME = "/admin/"
CALM = "Nothing needs attention."
CALLS = "Calls without a key in the last 24 hours"


def seen(client) -> str:
    """Return the page. Its summary must lead to each part that needs attention, in their order."""
    text = " ".join(client.get(HOME).text.split())
    parts = [name for name in re.findall(r'<h2 id="([\w-]+)"', text) if name not in ("calls", "unkeyed")]
    assert re.findall(r'<li><a href="#([\w-]+)"', text.partition('id="usage"')[0]) == parts
    return text


def test_nothing_needs_attention(support, organization):
    issue(organization)
    assert CALM in seen(support)


def test_what_needs_attention_is_summed_up_beside_the_number_of_calls(support, organization):
    called(issue(organization)[0], "invalid_limit")
    unkeyed_calls("missing_bearer")
    text = seen(support)
    places = [text.index(part) for part in ('href="#refused"', 'id="calls"', 'id="refused"', 'id="unkeyed"')]
    assert places == sorted(places)


@pytest.mark.parametrize("role", ["Support", "Partner onboarding", "Security"])
def test_every_role_sees_what_needs_attention(role):
    partner = OrganizationFactory(allowlisted=False)
    assert partner.name in seen(signed_in(role))


def test_without_a_role_the_page_says_whom_to_ask():
    partner = OrganizationFactory(allowlisted=False)
    text = seen(signed_in(None))
    assert "Ask a superuser" in text
    assert [words for words in (partner.name, CALM, CALLS) if words in text] == []


def test_a_key_with_refused_calls_is_shown_with_links(support, organization):
    key = issue(organization)[0]
    called(key, "invalid_limit", times=1_200, every=timedelta(milliseconds=1))
    text = seen(support)
    assert CALM not in text
    for words in ("Refused in the last 24 hours", "/admin/reasons/invalid_limit/", f"/apikey/{key.pk}/change/"):
        assert words in text
    assert f'requestrecord/?key={key.public_id}&amp;code=invalid_limit&amp;time=24h">1,200</a>' in text
    assert "Too many calls to count" not in text


def test_with_too_many_refusals_the_page_says_since_when_they_are_counted(support, organization, monkeypatch):
    monkeypatch.setattr(refused, "COUNTED", 2)
    called(issue(organization)[0], "invalid_limit", times=3)
    assert "Too many calls to count: only those since <time" in seen(support)


def test_of_many_keys_those_with_the_most_refusals_are_shown(support, organization):
    for number in range(1, 12):
        called(issue(organization, label=f"System {number};")[0], "invalid_limit", times=number)
    text = seen(support)
    assert "The 10 of 11 with the most refusals" in text
    assert ("System 2;" in text, "System 1;" in text) == (True, False)


def test_a_day_after_its_refusal_nothing_needs_attention(support, organization):
    called(issue(organization)[0], "invalid_limit", ago=timedelta(hours=25))
    assert CALM in seen(support)


def test_a_key_of_no_organization_is_shown_too(support):
    called(issue(None)[0], "org_scope_only_required")
    assert "org_scope_only_required" in seen(support)


def test_calls_without_a_key_are_shown_but_need_no_attention(support, organization):
    key = issue(organization)[0]
    assert CALLS not in seen(support)
    unkeyed_calls("invalid_key", 19, public_part=key.public_part)
    unkeyed_calls("invalid_key", 81, "198.51.100.7")
    unkeyed_calls("invalid_key", 3, public_part="000000000000")
    unkeyed_calls("malformed_token", 2, "")
    unkeyed_calls("missing_bearer", 1_203)
    text = seen(support)
    sources = "203.0.113.9</span> × 19 as <span", "<code>000000000000…", "Many sources"
    for words in (CALM, CALLS, "1,203", ">103<", *sources):
        assert words in text


def test_people_who_may_not_see_requests_see_none(organization):
    called(issue(organization)[0], "invalid_limit")
    unkeyed_calls("missing_bearer")
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    client = Client()
    client.force_login(user)
    assert [words for words in ("invalid_limit", "missing_bearer") if words in seen(client)] == []


def test_a_key_that_expires_soon_is_shown_until_it_expires(support, organization):
    issue(organization)
    key = issue(organization, label="Ending", expires_at=timezone.now() + timedelta(days=2))[0]
    used(key, days=2)
    text = seen(support)
    assert "1 key in use expires within 14 days" in text
    assert "2 days ago" in text
    assert f"/admin/partners/apikey/{key.pk}/change/" in text
    assert "?expires=14" in text
    key.revoke(CHANGE)
    assert CALM in seen(support)


@pytest.mark.parametrize(("ago", "told"), [(None, "Never used"), (31, "31 days ago")])
def test_an_idle_key_that_expires_soon_is_listed_apart(support, organization, ago, told):
    key = issue(organization, expires_at=timezone.now() + timedelta(days=2))[0]
    if ago is not None:
        used(key, days=ago)
    text = seen(support)
    for words in ("1 idle key expires within 14 days", "No call with it was served for 30 days.", told):
        assert words in text
    assert text.count("?expires=14") == 1
    assert "in use" not in text


def test_used_and_idle_keys_that_expire_soon_lead_to_one_list(support, organization):
    for label in ("Used", "Idle"):
        issue(organization, label=label, expires_at=timezone.now() + timedelta(days=2))
    used(organization.api_keys.get(label="Used"), days=2)
    text = seen(support)
    assert [words for words in ("1 key in use", "1 idle key") if words not in text] == []
    assert text.count("?expires=14") == 1


@pytest.mark.parametrize("use", [{}, {"minutes": 1}])
def test_a_rotated_key_is_listed_as_a_rotation_and_nowhere_else(support, organization, use):
    old = issue(organization)[0]
    if use:
        used(old, **use)
    new, _ = old.rotate(CHANGE)
    text = seen(support)
    for words in ("1 rotated key", f"/apikey/{old.pk}/change/", f"/apikey/{new.pk}/change/", "Not moved"):
        assert words in text
    assert [
        words for words in ("Rotate each in time", "Let it expire", "1 key in use", "1 idle key") if words in text
    ] == []


def test_a_rotation_is_on_the_first_page_until_the_old_key_has_ended(support, organization):
    old = issue(organization)[0]
    old.rotate(CHANGE)
    old.finish_rotation(CHANGE)
    assert CALM in seen(support)


def test_people_who_may_not_see_requests_see_no_rotation(organization):
    issue(organization)[0].rotate(CHANGE)
    user = User.objects.create_user("somebody", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    client = Client()
    client.force_login(user)
    assert "rotated key" not in seen(client)


def test_a_partner_with_nothing_enabled_is_shown_until_it_can_call(support):
    partner = OrganizationFactory(allowlisted=False)
    text = seen(support)
    assert "1 partner with nothing enabled" in text
    assert "Not allowlisted, no active key" in text
    assert "?show=nothing" in text
    partner.set_access(CHANGE, allowlisted=True)
    issue(partner)
    assert CALM in seen(support)


@pytest.mark.parametrize(
    ("stored_under", "loaded", "shown"),
    [
        ("1", "1,2", ["1 active key stored under an older digest key.", "?digest_key=1&amp;state=active"]),
        (
            "2",
            "1",
            ["1 active key stored under a digest key that is not loaded.", "?digest_key=missing&amp;state=active"],
        ),
        ("2", "", ["No digest key is loaded.", "1 active key stored under a digest key that is not loaded."]),
    ],
)
def test_problems_with_digest_keys_are_shown(support, organization, settings, stored_under, loaded, shown):
    every = dict(part.split(":") for part in settings.DIGEST_KEYS.split(","))

    def load(numbers):
        settings.DIGEST_KEYS = ",".join(f"{number}:{every[number]}" for number in numbers.split(",") if number)

    load(stored_under)
    issue(organization)
    assert CALM in seen(support)
    load(loaded)
    text = seen(support)
    assert CALM not in text
    assert [words for words in shown if words not in text] == []


def test_a_switch_that_is_off_is_shown_with_who_and_why(support, organization):
    issue(organization)
    ApiKeySwitch.turn(
        False, Change(by="maria", source="198.51.100.7", reason="A leak\nis <b>likely</b>", ticket="OPS-7")
    )
    text = seen(support)
    for words in ("API-key authentication is off", "maria from 198.51.100.7", "A leak<br>is &lt;b&gt;", "OPS-7"):
        assert words in text
    ApiKeySwitch.turn(True, CHANGE)
    assert CALM in seen(support)


def test_a_switch_without_a_change_on_record_is_shown_too(support):
    ApiKeySwitch.objects.update(enabled=False)
    assert "Never switched." in seen(support)


def test_markup_in_names_is_shown_as_text(support):
    partner = Organization.create("<script>alert(1)</script>", CHANGE)
    issue(partner, label="<img src=x>", expires_at=timezone.now() + timedelta(days=2))
    text = seen(support)
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_the_number_of_statements_is_fixed(support, organization):
    def more(number):
        for _ in range(number):
            key = issue(organization, expires_at=timezone.now() + timedelta(days=2))[0]
            called(key, "invalid_limit")
            unkeyed_calls("missing_bearer", source=f"{key.pk}")
            OrganizationFactory(allowlisted=False)

    WebhookService.note_seen()
    more(1)
    one = statements(support, HOME)
    more(49)
    assert statements(support, HOME) == one <= 30


def test_a_key_that_leaked_and_still_works_is_on_home(support, key):
    KeyLeak.report(key, CHANGE, place="a public repository", proof=Proof.WHOLE)
    text = seen(support)
    assert "1 active key reported as leaked" in text
    assert (CALM in text, "?leaked=yes" in text) == (False, False)
    for number in range(SHOWN):
        KeyLeak.report(issue(key.organization)[0], CHANGE, place=f"place {number}", proof=Proof.WHOLE)
    assert "?leaked=yes&amp;state=active" in support.get(HOME).text


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, None), (5, None), (-5, None), (5.4, 5), (-5.4, 5), (-6.6, 7), (7, 7)]
)
def test_clocks_that_differ_are_shown_to_superusers(support, organization, monkeypatch, seconds, said):
    monkeypatch.setattr(times, "drift", lambda database: timedelta(seconds=seconds))
    superuser = Client()
    superuser.force_login(User.objects.create_superuser("admin"))
    text = seen(superuser)
    assert ("Clocks differ" in text) is (said is not None)
    assert said is None or f"differ by {said} seconds" in text
    assert "Clocks differ" not in seen(support)


@pytest.mark.parametrize("faults", [[], ["no partition for 2027-02", "the net holds rows"]])
def test_months_that_nobody_made_are_shown_to_superusers(support, organization, monkeypatch, faults):
    monkeypatch.setattr(present, "faults", lambda database: faults)
    superuser = Client()
    superuser.force_login(User.objects.create_superuser("admin"))
    assert ("no partition for 2027-02; the net holds rows" in seen(superuser)) is bool(faults)
    assert "Months of the record" not in seen(support)
