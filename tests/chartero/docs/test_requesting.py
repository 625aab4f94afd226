"""The public form that asks for access: off by default, limited, and the same for everyone."""

import pytest
from django.db import OperationalError
from django.test import Client

from partners.models import OnboardingRequest, Organization
from partners.models.onboarding import OnboardingCount, quota
from tests.browser.markup import forbidden
from tests.factories import issue
from tests.partners.support.asking import GIVEN

FORM, SENT = "/docs/request-access/", "/docs/request-access/sent/"


@pytest.fixture
def offered(settings) -> None:
    settings.ACCESS_REQUESTS = True


@pytest.fixture
def send(client, db, offered):
    return lambda **given: client.post(FORM, GIVEN | given)


def test_by_default_there_is_no_such_page_and_no_link_to_it(client):
    for path in (FORM, SENT):
        assert client.get(path).status_code == 404
    assert client.post(FORM, GIVEN).status_code == 404
    for path in ("/", "/docs/", "/docs/errors/"):
        assert "request-access" not in client.get(path).text


@pytest.mark.usefixtures("offered")
def test_every_page_leads_to_it(client):
    for path in ("/", "/docs/", "/docs/errors/", "/docs/nothing/"):
        assert f'href="{FORM}"' in client.get(path).text


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("path", [FORM, SENT])
def test_the_pages_keep_the_policy_and_ask_no_database(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert forbidden(answer.text) == []
    assert "<h1>Request" in answer.text


def test_a_request_is_kept_and_nothing_else_happens(send, mailoutbox):
    answer = send()
    assert (answer.status_code, answer["Location"]) == (302, SENT)
    request = OnboardingRequest.objects.get()
    assert {name: getattr(request, name) for name in GIVEN} == GIVEN
    assert request.source == "127.0.0.0/24"
    assert not Organization.objects.exists()
    assert mailoutbox == []


def test_the_only_cookie_is_the_one_of_the_form(client, send):
    assert set(client.get(FORM).cookies) == {"csrftoken"}
    assert not client.get(SENT).cookies
    assert "no-store" in client.get(FORM)["Cache-Control"]


@pytest.mark.usefixtures("offered", "db")
def test_a_form_from_another_site_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(FORM, GIVEN).status_code == 403
    token = strict.get(FORM).context["csrf_token"]
    assert strict.post(FORM, GIVEN | {"csrfmiddlewaretoken": str(token)}).status_code == 302
    assert OnboardingRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("organization_name", "", "This field is required."),
        ("organization_name", "a\u202eb", "Use a single line without control characters."),
        ("contact_email", "robin", "Enter a valid email address."),
        ("contact_name", "x" * 201, "at most 200 characters"),
        ("purpose", "x" * 1001, "at most 1000 characters"),
        ("purpose", "a\u0007b", "Remove tabs and other control characters."),
        ("wanted", "", "This field is required."),
        ("wanted", "all", "Select a valid choice."),
        ("website", "not a website", "Write the address of a website, such as https://example.com."),
        ("website", "ftp://lakeside.example", "Write the address of a website, such as https://example.com."),
    ],
)
def test_a_bad_value_gets_an_error_at_its_field_and_nothing_is_kept(send, field, value, said):
    answer = send(**{field: value})
    assert answer.status_code == 400
    assert said in str(answer.context["form"].errors[field])
    assert "Nothing was sent." in answer.text
    assert not OnboardingRequest.objects.exists()
    assert not OnboardingCount.objects.exists()


def test_a_website_may_be_written_without_its_scheme(send):
    send(website="lakeside.example")
    assert OnboardingRequest.objects.get().website == "https://lakeside.example"


def test_a_token_is_neither_kept_nor_shown_again(send):
    _, token = issue()
    answer = send(purpose=f"My key is {token}")
    assert token not in answer.text
    assert "This text held a token, so it was removed." in answer.text
    assert not OnboardingRequest.objects.exists()


def test_a_program_that_fills_in_the_hidden_field_gets_the_same_answer_and_nothing_is_kept(send):
    answer = send(fax="1")
    assert (answer.status_code, answer["Location"]) == (302, SENT)
    assert not OnboardingRequest.objects.exists()


def test_the_answer_does_not_tell_whether_an_organization_exists(send, organization):
    known, unknown = send(organization_name=organization.name), send()
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_beyond_the_limit_it_says_when_to_come_back_and_keeps_what_was_typed(send, settings):
    settings.CONTACT_EMAIL = "partners@chartero.example"
    for _ in range(quota.OF_NETWORK):
        assert send().status_code == 302
    answer = send()
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 24 * 3600 + 1
    assert "Try again tomorrow." in answer.text
    assert "partners@chartero.example" in answer.text
    assert GIVEN["contact_email"] in answer.text
    assert OnboardingRequest.objects.count() == quota.OF_NETWORK


def test_without_a_database_it_is_unavailable(client, send, monkeypatch):
    def down(*arguments, **values):
        raise OperationalError("gone")

    client.raise_request_exception = False
    monkeypatch.setattr(OnboardingCount, "take", down)
    answer = send()
    assert answer.status_code == 503
    assert answer["Retry-After"]
