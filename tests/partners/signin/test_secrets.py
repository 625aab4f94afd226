"""What signing in leaves behind, everywhere: no password, no code, no secret."""

import logging

import pytest
from django.apps import apps

from tests.partners.support.person import PASSWORD

WRONG = "a wrong passphrase"


def everything_stored() -> str:
    models = apps.get_models(include_auto_created=True)
    return "\n".join(str(list(model._base_manager.values())) for model in models)


def everything_in(person) -> str:
    return str(dict(person.client.session)) + str(person.client.cookies)


@pytest.fixture
def story(person, caplog):
    """Everything that can be typed is typed; return the people and the secrets."""
    caplog.set_level(logging.DEBUG)
    person.sign_in(WRONG)
    person.sign_in()
    person.enrol()
    other = person.elsewhere()
    other.give_code(other.wrong_code())
    other.give_recovery_code(f"{person.recovery_codes[1]}x")
    other.give_recovery_code(person.recovery_codes[0])
    other.clock.now += 20 * 60
    other.post("/signin/second-factor/codes/", proof_of_password=WRONG)
    other.post("/signin/second-factor/codes/", proof_of_password=PASSWORD)
    made = person.post(f"/signin/reset/{person.user.pk}/", password="on", reason="x", proof_of_password=PASSWORD)
    secrets = [PASSWORD, WRONG, person.secret, *person.recovery_codes, made.context["password"]]
    return [person, other], [*secrets, *(secret.replace(" ", "").replace("-", "") for secret in secrets)]


def test_no_secret_in_any_table_session_cookie_or_log(story, caplog):
    people, secrets = story
    kept = everything_stored() + caplog.text + "".join(map(everything_in, people))
    assert "invented" in kept
    assert [secret for secret in secrets if secret in kept] == []


def test_the_search_finds_what_is_stored(story):
    people, _ = story
    people[0].user.email = PASSWORD
    people[0].user.save()
    assert PASSWORD in everything_stored()
