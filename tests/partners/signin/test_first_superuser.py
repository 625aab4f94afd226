"""From an empty database to a page of staff: `createsuperuser`, password, phone."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from chartero.demo import partners as demo
from tests.partners.support.person import PASSWORD, Person


def test_the_first_superuser_signs_in_and_sets_up_a_phone(db, clock, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--no-input", "--username", "first", "--email", "", verbosity=0)
    first = Person(User.objects.get(username="first"), clock, Client())
    first.sign_in()
    assert first.get().status_code == 302
    first.enrol()
    assert first.get().status_code == 200


@pytest.mark.parametrize("times", [1, 2])
def test_the_logins_of_the_demonstration_work_with_a_password_alone(db, clock, settings, monkeypatch, times):
    monkeypatch.delenv("CHARTERO_SECOND_FACTOR", raising=False)
    settings.SECOND_FACTOR = False
    for _ in range(times):
        logins = demo.logins()
    for login in logins:
        person = Person(User.objects.get(username=login.username), clock, Client())
        person.sign_in(login.password)
        assert person.get().status_code == 200
    assert [group.name for group in User.objects.get(username="support").groups.all()] == ["Support"]
    assert [login.username for login in logins if User.objects.get(username=login.username).is_superuser] == ["staff"]


@pytest.mark.parametrize(("given", "served"), [(None, "off"), ("on", "on"), ("off", "off")])
def test_the_demonstration_leaves_the_second_factor_to_the_environment(db, monkeypatch, given, served):
    monkeypatch.setenv("CHARTERO_SECOND_FACTOR", given or "")
    if given is None:
        monkeypatch.delenv("CHARTERO_SECOND_FACTOR")
    demo.logins()
    assert demo.os.environ["CHARTERO_SECOND_FACTOR"] == served
