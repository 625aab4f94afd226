"""The first page: each thing that needs attention appears with its cause and goes with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.events import Change
from partners.models import ApiKeySwitch, Organization
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.staff import signed_in, statements

pytestmark = pytest.mark.django_db
HOME = "/admin/"
CALM = "Nothing needs attention."
CALLS = "Calls are not recorded yet"


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.SECOND_FACTOR = False


@pytest.fixture
def support():
    return signed_in("Support")


def seen(client) -> str:
    return client.get(HOME).text


def test_nothing_needs_attention(support, organization):
    issue(organization)
    assert CALM in seen(support)


@pytest.mark.parametrize("role", ["Support", "Partner onboarding", "Security"])
def test_every_role_sees_what_needs_attention(role):
    partner = OrganizationFactory(allowlisted=False)
    assert partner.name in seen(signed_in(role))


def test_who_has_no_role_is_told_whom_to_ask():
    partner = OrganizationFactory(allowlisted=False)
    text = seen(signed_in(None))
    assert "Ask a superuser" in text
    assert [words for words in (partner.name, CALM, CALLS) if words in text] == []


def test_that_calls_are_not_recorded_yet_is_said_and_not_counted(support):
    text = seen(support)
    assert CALLS in text
    assert "0 refused" not in text


def test_a_key_that_expires_soon_is_shown_until_it_ends(support, organization):
    issue(organization)
    key = issue(organization, label="Ending", expires_at=timezone.now() + timedelta(days=2))[0]
    text = seen(support)
    assert "1 key expires within 14 days" in text
    assert f"/admin/partners/apikey/{key.pk}/change/" in text
    assert "?state=expiring" in text
    assert "None yet" in text
    key.revoke(CHANGE)
    assert CALM in seen(support)


def test_of_a_rotated_key_it_is_said_that_its_successor_is_there(support, organization):
    issue(organization)[0].rotate(CHANGE)
    assert "Issued" in seen(support)


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
def test_what_is_wrong_with_the_digest_keys_is_shown(support, organization, settings, stored_under, loaded, shown):
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


def test_that_the_switch_is_off_is_shown_with_who_and_why(support, organization):
    issue(organization)
    ApiKeySwitch.turn(
        False, Change(by="maria", source="198.51.100.7", reason="A leak\nis <b>likely</b>", ticket="OPS-7")
    )
    text = seen(support)
    for words in ("API-key authentication is off", "maria from 198.51.100.7", "A leak<br>is &lt;b&gt;", "OPS-7"):
        assert words in text
    ApiKeySwitch.turn(True, CHANGE)
    assert CALM in seen(support)


def test_a_switch_that_nobody_turned_is_shown_too(support):
    ApiKeySwitch.objects.update(enabled=False)
    assert "Nobody has turned it yet." in seen(support)


def test_markup_in_names_is_shown_as_text(support):
    partner = Organization.create("<script>alert(1)</script>", CHANGE)
    issue(partner, label="<img src=x>", expires_at=timezone.now() + timedelta(days=2))
    text = seen(support)
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_the_number_of_statements_is_fixed(support, organization):
    def more(number):
        for _ in range(number):
            issue(organization, expires_at=timezone.now() + timedelta(days=2))
            OrganizationFactory(allowlisted=False)

    more(1)
    one = statements(support, HOME)
    more(49)
    assert statements(support, HOME) == one <= 12
