"""A request id that is in no key's record leads to its answer, or to what its absence can mean."""

from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from partners.models import UnkeyedAnswer
from partners.models.record import KEPT
from partners.record.unknown_callers import unkeyed
from tests.api import LIST, Api
from tests.factories import issue
from tests.partners.support.counting import unknown
from tests.partners.support.diagnosing import PAGE as DIAGNOSIS
from tests.partners.support.diagnosing import ask, text_of, with_wrong_secret

pytestmark = pytest.mark.django_db
REQUESTS = "/admin/partners/requestrecord/"
UNKNOWN = "req_0123456789abcdefghijkl"


def answered(token=None, path=LIST, **call) -> str:
    """Make a call, have what is kept of it written, and return its request id."""
    request_id = Api(token).get(path, **call)["X-Request-ID"]
    unkeyed.TALLY.write()
    return request_id


@pytest.mark.parametrize(
    ("damage", "path", "code"),
    [
        (with_wrong_secret, LIST, "401 invalid_key"),
        (lambda token: token[:-1], LIST, "401 malformed_token"),
        (lambda token: None, LIST, "401 missing_bearer"),
        (lambda token: None, f"{LIST}/", "404 route_not_found"),
    ],
    ids=range(4),
)
def test_the_commonest_failures_of_a_first_day_are_found(support, organization, damage, path, code):
    request_id = answered(damage(issue(organization)[1]), path)
    page = support.post(f"{REQUESTS}find/", {"q": f"X-Request-ID: {request_id}"}, follow=True)
    assert page.redirect_chain == [(f"{REQUESTS}{request_id}/", 302)]
    for told in (f"Refused with {code} because", f"GET {path}", "127.0.0.1", "How to fix it"):
        assert told in text_of(page)


def test_the_key_whose_public_part_was_presented_is_linked(support, organization):
    key, token = issue(organization)
    page = support.get(f"{REQUESTS}{answered(with_wrong_secret(token))}/")
    assert f"/apikey/{key.pk}/change/" in page.text
    assert "has this key's public part, but it was not accepted." in text_of(page)


def test_the_public_part_of_an_unknown_key_is_shown(support):
    token = unknown()
    assert f"<code>{token[6:18]}…</code>" in support.get(f"{REQUESTS}{answered(token)}/").text
    assert "Key Not known" in text_of(support.get(f"{REQUESTS}{answered()}/"))


def test_a_fault_of_the_service_is_shown_as_one(support, api, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr("partners.record.ledger._write", None)
        request_id = api.get()["X-Request-ID"]
    unkeyed.TALLY.write()
    page = text_of(support.get(f"{REQUESTS}{request_id}/"))
    assert "Refused with 503 service_unavailable" in page
    assert "The service failed before it could record the call for its key." in page
    assert "refused before a key was accepted" not in page


@pytest.mark.parametrize("ask_for", ["unknown", "old"])
def test_the_page_of_an_unknown_id_says_what_that_can_mean(support, ask_for):
    facts = {"source": "203.0.113.9", "method": "GET", "path": LIST, "reason_code": "missing_bearer"}
    old = UnkeyedAnswer.objects.create(occurred_at=timezone.now() - KEPT - timedelta(seconds=1), **facts)
    request_id = old.request_id if ask_for == "old" else UNKNOWN
    page = support.post(f"{REQUESTS}find/", {"q": request_id}, follow=True)
    assert page.status_code == 404
    text = unescape(text_of(page))
    for told in (
        "No answer with this request id is on record.",
        "written once a minute",
        "for 7 days",
        "search the log",
    ):
        assert told in text


def test_a_malformed_request_id_is_not_found(support):
    assert "request id" not in support.get(f"{REQUESTS}req_x/").text
    assert support.get(f"{REQUESTS}req_x/").status_code == 404


def test_people_who_may_not_see_requests_see_none(organization):
    person = User.objects.create_user("keys-only", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(person)
    request_id = answered()
    assert client.get(f"{REQUESTS}{request_id}/").status_code == 403
    for wanted in (request_id, UNKNOWN):
        page = text_of(client.get(DIAGNOSIS, {"call": wanted}))
        assert "You don't have permission to view requests." in page
        assert "missing_bearer" not in page


def test_the_diagnosis_leads_to_the_answer(support):
    request_id = answered()
    for page in (
        support.get(DIAGNOSIS, {"call": request_id}),
        support.post(DIAGNOSIS, {"credentials": request_id, "request": ""}),
    ):
        assert page.url == f"{REQUESTS}{request_id}/"


def test_with_a_pasted_request_the_diagnosis_asks_for_the_token(support):
    page = ask(support, answered())
    assert "it was refused with 401 missing_bearer." in text_of(page)
    assert "findings" not in page.context
