import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from chartero.urls import urlpatterns as shipped
from partners.signin.guards import lockout
from partners.signin.guards.freshness import fresh_password, is_fresh
from tests.factories import issue
from tests.partners.support.person import PASSWORD


@fresh_password
def dangerous(request, number):
    """Answer what it was called with."""
    return HttpResponse(f"done {request.method} {number} {dict(request.POST)} {is_fresh(request)}")


urlpatterns = [*shipped, path("dangerous/<int:number>/", dangerous)]
PAGE = "/dangerous/7/?a=b"


@pytest.fixture(autouse=True)
def with_the_page():
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def stale(enrolled):
    """Somebody whose password was proved 15 minutes ago."""
    enrolled.clock.now += 15 * 60
    return enrolled


def test_a_proof_holds_for_15_minutes(enrolled):
    enrolled.clock.now += 15 * 60 - 1
    assert enrolled.get(PAGE).text == "done GET 7 {} True"
    enrolled.clock.now += 1
    assert enrolled.get(PAGE).status_code == 302


def test_a_page_is_reached_by_way_of_the_password(stale):
    asked = stale.get(PAGE)
    assert asked.url == "/signin/password/?next=%2Fdangerous%2F7%2F%3Fa%3Db"
    assert stale.post(asked.url, proof_of_password=PASSWORD).url == PAGE
    assert stale.get(PAGE).text.startswith("done GET")


def test_a_form_is_asked_for_the_password_and_keeps_what_was_typed(stale):
    asked = stale.post(PAGE, label='a "label"', scope=["x", "y"])
    assert "no-store" in asked["Cache-Control"]
    assert "done" not in asked.text
    for field in ('name="label" value="a &quot;label&quot;"', 'name="scope" value="x"', 'name="scope" value="y"'):
        assert field in asked.text
    assert "label" not in str(dict(stale.client.session))


def test_with_the_password_it_goes_on_and_the_view_does_not_see_it(stale):
    done = stale.post(PAGE, label="typed", scope=["x", "y"], proof_of_password=PASSWORD)
    assert done.text == "done POST 7 {'label': ['typed'], 'scope': ['x', 'y']} True"


def test_with_a_wrong_password_it_asks_again_and_keeps_what_was_typed(stale):
    asked = stale.post(PAGE, label="typed", proof_of_password="wrong password")
    assert "This password is wrong" in asked.text
    assert 'name="label" value="typed"' in asked.text
    assert "wrong password" not in asked.text
    assert asked.text.count('name="proof_of_password"') == 1


def test_a_password_that_came_along_for_nothing_reaches_no_view(enrolled):
    assert PASSWORD not in enrolled.post(PAGE, proof_of_password=PASSWORD).text


def test_a_form_that_holds_a_token_is_not_carried_along(stale):
    _, token = issue()
    answer = stale.post(PAGE, token=token, label="x")
    assert answer.url == "/signin/password/?next=%2Fdangerous%2F7%2F%3Fa%3Db"
    assert "fill in the form again" in stale.get(answer.url).text
    assert token not in answer.text + str(dict(stale.client.session)) + str(stale.client.cookies)


def test_other_methods_are_asked_too(stale):
    assert stale.client.head(PAGE).status_code == 302
    assert "done" not in stale.client.put(PAGE).text


@pytest.mark.parametrize("path", [PAGE, "/signin/password/"])
def test_wrong_passwords_are_counted_by_the_lockout(stale, path):
    answers = [stale.post(path, proof_of_password="wrong") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert stale.post(path, proof_of_password=PASSWORD).status_code == 429


def test_a_right_one_forgets_no_failures(halfway):
    halfway.give_recovery_code("wrong")
    halfway.post("/signin/password/", proof_of_password=PASSWORD)
    assert lockout.failures("invented") == 1


def test_another_persons_password_proves_nothing(stale, django_user_model):
    django_user_model.objects.create_user("another", password="another passphrase")
    assert (
        stale.post("/signin/password/", proof_of_password="another passphrase", username="another").status_code == 200
    )
    assert stale.get(PAGE).status_code == 302


def test_blanks_in_a_password_count(stale):
    assert "This password is wrong" in stale.post("/signin/password/", proof_of_password=f" {PASSWORD}").text


def test_without_a_session_the_page_leads_to_sign_in(person):
    assert person.get(PAGE, follow=True).redirect_chain[-1][0].startswith("/admin/login/")
