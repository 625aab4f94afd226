"""A form is used once: by its person, within an hour, together with what it does."""

import time
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import ValidationError

from partners.admin import nonces
from partners.models import ApiKey, FormUse
from tests.factories import issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_user("somebody")


@pytest.fixture
def later(monkeypatch):
    """Let the hour pass."""

    def pass_by(seconds: int = 3601) -> None:
        monkeypatch.setattr(signing.time, "time", partial(lambda now: now + seconds, time.time()))

    return pass_by


def use(nonce: str, person: User, label: str = "First") -> ApiKey:
    with nonces.single_use(nonce, person) as form:
        key, _ = issue(label=label)
        form.made(key)
    return key


def test_the_second_use_makes_nothing_and_returns_the_first_key(person):
    nonce = nonces.new(person)
    first = use(nonce, person)
    with pytest.raises(nonces.AlreadyUsed) as refusal:
        use(nonce, person, "Second")
    assert refusal.value.made == first
    assert [key.label for key in ApiKey.objects.all()] == ["First"]
    assert str(FormUse.objects.get()) == nonce.split(":")[0]


def test_two_forms_are_two_uses(person):
    assert use(nonces.new(person), person) != use(nonces.new(person), person)


def test_a_failure_does_not_use_the_nonce(person):
    nonce = nonces.new(person)
    with pytest.raises(ValidationError, match="label"):
        use(nonce, person, label=" ")
    assert not FormUse.objects.exists()
    assert use(nonce, person) == ApiKey.objects.get()


@pytest.mark.parametrize("nonce", ["", "junk", "junk:1vNbLM:junk"])
def test_a_nonce_of_another_making_is_refused(person, nonce):
    with pytest.raises(ValidationError) as refusal:
        use(nonce, person)
    assert refusal.value.code == "form_not_usable"
    assert not FormUse.objects.exists()


def test_a_nonce_works_only_for_its_person(person):
    with pytest.raises(ValidationError, match="another sign-in"):
        use(nonces.new(User.objects.create_user("another")), person)
    assert not ApiKey.objects.exists()


def test_a_form_is_too_old_after_an_hour(person, later):
    nonce = nonces.new(person)
    later()
    with pytest.raises(ValidationError, match="This form has expired"):
        use(nonce, person)
    assert not FormUse.objects.exists()


def test_a_used_form_is_recognized_at_any_age(person, later):
    nonce = nonces.new(person)
    use(nonce, person)
    later()
    with pytest.raises(nonces.AlreadyUsed):
        use(nonce, person)


def test_a_form_keeps_its_nonce_while_it_can_be_used(person, later):
    nonce = nonces.new(person)
    assert nonces.kept(nonce, person) == nonce
    assert nonces.kept("", person) != ""
    later()
    assert nonces.kept(nonce, person) != nonce
