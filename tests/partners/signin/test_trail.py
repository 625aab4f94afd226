"""Signing in and out, and refused pages, on record: each once in a while, however often it is repeated."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from partners.models.change import Action, ChangeEvent
from partners.signin import trail
from tests.partners.support.person import ELSEWHERE, PASSWORD

SIGN_INS = (Action.SIGNED_IN, Action.SECOND_FACTOR_PROVED, Action.SIGNED_OUT)
NEW = "a newly invented passphrase"


def events(*actions: Action) -> list[tuple]:
    rows = ChangeEvent.objects.filter(action__in=actions).order_by("pk")
    return [*rows.values_list("action", "by", "source", "after")]


def later(monkeypatch, **span: int) -> None:
    """Let time pass for the record."""
    now = timezone.now() + timedelta(**span)
    monkeypatch.setattr(trail.timezone, "now", lambda: now)


def test_a_sign_in_and_a_sign_out_are_recorded(person):
    person.sign_in()
    person.enrol()
    person.post("/admin/logout/")
    assert events(*SIGN_INS) == [
        (Action.SIGNED_IN, "invented", "127.0.0.1", {"username": "invented", "second_factor": "asked for"}),
        (Action.SECOND_FACTOR_PROVED, "invented", "127.0.0.1", {"username": "invented"}),
        (Action.SIGNED_OUT, "invented", "127.0.0.1", {"username": "invented"}),
    ]


def test_a_sign_in_with_only_a_password_is_recorded_as_such(person, settings):
    settings.SECOND_FACTOR = False
    person.sign_in()
    assert events(*SIGN_INS)[0][3] == {"username": "invented", "second_factor": "off"}


@pytest.mark.parametrize("password", ["wrong", ""])
def test_other_actions_are_not_recorded_as_a_sign_in(person, password):
    person.sign_in(password)
    person.get("/admin/login/")
    person.post("/admin/logout/")
    assert events(*Action) == []


def test_a_code_proves_the_second_factor_once(halfway, monkeypatch):
    before = len(events(Action.SECOND_FACTOR_PROVED))
    halfway.give_code(halfway.wrong_code())
    assert len(events(Action.SECOND_FACTOR_PROVED)) == before
    halfway.clock.now += 60
    halfway.give_recovery_code(halfway.recovery_codes[0])
    later(monkeypatch, minutes=5)
    halfway.enrol()
    assert len(events(Action.SECOND_FACTOR_PROVED)) == before + 1


def test_repeated_sign_ins_are_one_row_a_minute_for_each_address(person, monkeypatch):
    for person.address in ("127.0.0.1", ELSEWHERE, "127.0.0.1"):
        person.sign_in()
    assert [row[2] for row in events(Action.SIGNED_IN)] == ["127.0.0.1", ELSEWHERE]
    later(monkeypatch, seconds=61)
    person.sign_in()
    assert len(events(Action.SIGNED_IN)) == 3


@pytest.fixture
def refused(enrolled):
    """Somebody of Support, whose role lacks most pages."""
    User.objects.filter(pk=enrolled.user.pk).update(is_superuser=False)
    enrolled.user.groups.add(Group.objects.get(name="Support"))
    return enrolled


def test_a_page_that_a_role_lacks_is_recorded(refused):
    assert refused.get("/admin/auth/user/").status_code == 403
    assert refused.post("/admin/switch/turn/", to="off").status_code == 403
    assert events(Action.PAGE_REFUSED) == [
        (Action.PAGE_REFUSED, "invented", "127.0.0.1", {"page": "admin:auth_user_changelist"}),
        (Action.PAGE_REFUSED, "invented", "127.0.0.1", {"page": "admin:switch_turn"}),
    ]


def test_a_refused_page_is_one_row_in_ten_minutes_from_any_address(refused, monkeypatch):
    for number, refused.address in enumerate(["127.0.0.1", ELSEWHERE, "127.0.0.1"]):
        assert refused.get(f"/admin/partners/apikey/{number}/revoke/").status_code == 403
    assert len(events(Action.PAGE_REFUSED)) == 1
    later(monkeypatch, minutes=10, seconds=1)
    refused.get("/admin/partners/apikey/1/revoke/")
    assert len(events(Action.PAGE_REFUSED)) == 2


def test_other_refusals_are_no_matter_of_a_role(refused, api):
    api.token = "wrong"
    assert (api.get().status_code, api.get("/external/v1/no").status_code) == (401, 404)
    assert refused.get("/admin/no/such/page/").status_code == 404
    assert refused.client.post("/docs/").status_code in (403, 405)
    assert events(Action.PAGE_REFUSED) == []


def change_password(person, old: str, new: str = NEW):
    return person.post("/admin/password_change/", old_password=old, new_password1=new, new_password2=new)


def test_a_changed_password_is_recorded_and_holds(enrolled):
    assert change_password(enrolled, PASSWORD).url == "/admin/password_change/done/"
    enrolled.user.refresh_from_db()
    assert enrolled.user.check_password(NEW)
    assert events(Action.PASSWORD_CHANGED)[0][1:] == ("invented", "127.0.0.1", {"username": "invented"})


@pytest.mark.parametrize(("old", "new"), [("wrong", NEW), (PASSWORD, "short")])
def test_a_password_that_stays_is_not_recorded(enrolled, old, new):
    assert change_password(enrolled, old, new).status_code == 200
    assert events(Action.PASSWORD_CHANGED) == []
    assert enrolled.get().status_code == 200


def test_the_page_of_ones_own_password_has_the_navigation(enrolled):
    assert "/admin/partners/" in enrolled.get("/admin/password_change/").text
