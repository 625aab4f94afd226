"""The global switch: who sees it, who turns it, and what is kept of that."""

import pytest

from partners.models import ApiKeySwitch, ChangeEvent
from partners.models.change import Action
from partners.signin.forms import PasswordForm
from tests.factories import CHANGE, issue
from tests.partners.support.staff import make_stale, signed_in

pytestmark = pytest.mark.django_db
SWITCH, TURN = "/admin/switch/", "/admin/switch/turn/"
BANNER = '<p class="banner"'
OFF = {"to": "off", "reason": "A leak is likely", "ticket": "OPS-7"}


def is_on() -> bool:
    return ApiKeySwitch.objects.get().enabled


@pytest.mark.parametrize(
    ("role", "sees", "turns"),
    [(None, 403, 403), ("Support", 200, 403), ("Partner onboarding", 200, 403), ("Security", 200, 200)],
)
def test_only_security_can_switch(role, sees, turns):
    client = signed_in(role)
    assert client.get(SWITCH).status_code == sees
    assert client.get(TURN).status_code == turns
    assert client.post(TURN, {"to": "off"}).status_code == turns
    assert (TURN in client.get(SWITCH).text) == (turns == 200)
    assert is_on()


def test_turning_it_is_recorded(security):
    assert security.post(TURN, OFF).headers["Location"] == SWITCH
    assert not is_on()
    event = ChangeEvent.objects.get()
    assert (event.action, event.by, event.source) == (Action.API_KEYS_SWITCHED, "Security-person", "127.0.0.1")
    assert (event.reason, event.ticket, event.after) == ("A leak is likely", "OPS-7", {"enabled": False})


def test_the_reason_is_public_only_while_keys_are_off(security):
    told = "All staff can read this while keys are off."
    assert told in security.get(TURN).text
    security.post(TURN, OFF)
    assert told not in security.get(TURN).text
    assert told not in security.post(TURN, {"to": "on"}).text


def test_its_page_says_since_when_by_whom_and_why(security):
    assert "Never switched." in security.get(SWITCH).text
    security.post(TURN, OFF)
    text = security.get(SWITCH).text
    for words in ("Security-person from 127.0.0.1", "A leak is likely", "OPS-7", "just now", "is off for everyone"):
        assert words in text


def test_the_banner_is_on_every_page_while_it_is_off(security, organization):
    pages = ["/admin/", SWITCH, TURN, "/admin/partners/organization/", "/admin/partners/apikey/"]
    assert [page for page in pages if BANNER in security.get(page).text] == []
    security.post(TURN, OFF)
    assert [page for page in pages if BANNER not in security.get(page).text] == []
    security.post(TURN, OFF | {"to": "on"})
    assert is_on()
    assert [page for page in pages if BANNER in security.get(page).text] == []


def test_the_page_says_what_stops(security, organization):
    issue(organization)
    text = security.get(TURN).text
    assert "1 active key stops" in text
    assert 'name="to" value="off"' in text


def test_it_is_turned_with_a_reason_only(security):
    response = security.post(TURN, OFF | {"reason": " \n"})
    assert "reason" in response.context["form"].errors
    assert "OPS-7" in response.text
    assert is_on()


def test_switching_to_the_current_state_is_refused_with_a_message(security):
    ApiKeySwitch.turn(False, CHANGE)
    response = security.post(TURN, OFF)
    assert "API-key authentication is already off." in response.text
    assert "A leak is likely" in response.text
    assert ChangeEvent.objects.count() == 1


@pytest.mark.parametrize("to", ["", "sideways"])
def test_it_is_turned_on_or_off_and_no_other_way(security, to):
    assert "to" in security.post(TURN, OFF | {"to": to}).context["form"].errors
    assert is_on()


def test_a_stale_password_is_asked_for_again(security):
    make_stale(security)
    assert security.get(TURN).status_code == 302
    assert security.get(SWITCH).status_code == 200
    security.post(TURN, OFF)
    assert is_on()
    security.post(TURN, OFF | {PasswordForm.FIELD: "invented"})
    assert not is_on()
