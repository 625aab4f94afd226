"""A call on record, judged again by its request id: what was answered then, and what would be now."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from partners.models import RequestRecord
from partners.routes import Route, Scope
from tests.api import LIST, Api
from tests.factories import CHANGE, EncounterFactory, RequestRecordFactory, issue
from tests.partners.diagnosing import PAGE, ask, text_of

pytestmark = pytest.mark.django_db
UNKNOWN = "req_0123456789abcdefghijkl"


def recorded(token, path=LIST, query="", **call) -> RequestRecord:
    """Make a call, and return its record."""
    answer = Api(token).get(path, query, **call)
    return RequestRecord.objects.get(request_id=answer["X-Request-ID"])


def asked(client, record):
    return client.get(PAGE, {"call": record.request_id})


def test_a_refusal_that_still_holds(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token, query="limit=5")
    page = asked(support, record)
    assert "The call is refused with 403 missing_scope because" in text_of(page)
    assert "It was refused with 403 missing_scope then, and still is." in text_of(page)
    assert "Judged as if the holder of this key called." in text_of(page)
    assert page.context["key"] == key
    assert f'href="/admin/partners/requestrecord/{record.request_id}/"' in page.text


def test_refused_then_passes_now(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token)
    key.set_scopes(Scope, CHANGE)
    page = text_of(asked(support, record))
    assert (
        "Refused then, passes now: it was refused with 403 missing_scope, and the same call is answered with 200"
        in page
    )
    assert "Apart from its query, which is not on record, nothing stands in the way of the call." in page
    assert "Its query is not on record, so that it is judged without one" in page


def test_refused_then_and_now_with_another_code(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token)
    key.revoke(CHANGE)
    told = "it was refused with 403 missing_scope, and the same call is refused with 401 revoked_key today."
    assert f"Refused then and now, with another code: {told}" in text_of(asked(support, record))


def test_served_then_refused_now(support, organization):
    record = recorded(issue(organization)[1], query="limit=5")
    organization.set_access(CHANGE, disable=Route)
    page = text_of(asked(support, record))
    assert (
        "Served then, refused now: it was answered with 200, and the same call is refused with 403 route_not_allowed"
        in page
    )
    assert "Its query is not on record" not in page
    assert "GET /external/v1/encounters?limit=5&offset=0&sort_order=desc" in page


def test_served_then_and_now(support, organization):
    page = text_of(asked(support, recorded(issue(organization)[1])))
    assert "It was answered with 200 then, and still is." in page
    assert "The call is answered with 200: nothing stands in its way." in page


def test_of_a_refused_query_the_partners_line_is_asked_for(support, organization):
    record = recorded(issue(organization)[1], query="limit=500")
    page = text_of(asked(support, record))
    told = "It was refused with 422 invalid_limit then, for its query. The query is not on record: paste it below."
    assert (told in page, "so that it is judged without one" in page) == (True, False)
    assert ("The call is judged without its query." in page, "What is served" in page) == (True, False)
    pasted = text_of(ask(support, record.request_id, f"GET {LIST}?limit=500"))
    assert "It was refused with 422 invalid_limit then, and still is." in pasted
    mended = text_of(ask(support, record.request_id, f"GET {LIST}?limit=50"))
    assert "Refused then, passes now" in mended


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"{LIST}/nonsense", "encounter_not_found"),
        ("GET", f"{LIST}/doc_{'0' * 22}", "encounter_not_found"),
        ("GET", f"{LIST}/nonsense/documents/nonsense/audio", "encounter_not_found"),
        ("POST", LIST, "method_not_allowed"),
        ("PURGE", LIST, "method_not_allowed"),
    ],
)
def test_what_stands_in_for_what_is_not_kept_fails_the_same_way(support, organization, method, path, code):
    record = recorded(issue(organization)[1], path, method=method)
    assert record.reason_code == code
    assert f"{code} then, and still is." in text_of(asked(support, record))


def test_a_call_by_its_ids_is_judged_on_them(support, organization):
    encounter = EncounterFactory(organization=organization)
    record = recorded(issue(organization)[1], f"{LIST}/{encounter.public_id}")
    type(encounter).objects.filter(pk=encounter.pk).update(record_class="demo")
    assert "is refused with 403 demo_training_denied today" in text_of(asked(support, record))


@pytest.mark.parametrize("line", [f"HEAD {LIST}", f"GET {LIST}/x", "GET /external/v1/nowhere"])
def test_another_call_is_not_set_beside_it(support, organization, line):
    record = recorded(issue(organization)[1])
    page = ask(support, record.request_id, line)
    assert page.context["key"] == record.api_key
    assert page.context["then"] is None
    assert "Then and now" not in text_of(page)


@pytest.mark.parametrize("quote", ["{}", " X-Request-ID: {} "])
def test_the_box_takes_a_request_id_and_keeps_it(support, organization, quote):
    record = recorded(issue(organization)[1])
    page = ask(support, quote.format(record.request_id), "")
    assert "Then and now" in text_of(page)
    assert f'value="{record.request_id}"' in page.text


def test_an_unknown_request_id_says_what_that_means(support):
    for page in (support.get(PAGE, {"call": UNKNOWN}), ask(support, UNKNOWN)):
        assert "Either it belongs to no key" in text_of(page)
        assert "findings" not in page.context
    assert "Give the request" not in text_of(support.get(PAGE, {"call": UNKNOWN}))
    assert f'value="{UNKNOWN}"' in support.get(PAGE, {"call": UNKNOWN}).text


def test_nothing_but_a_request_id_is_taken_from_the_address(support, token):
    for text in (token, "req_x", "<b>"):
        page = support.get(PAGE, {"call": text})
        assert (page.context["form"].is_bound, text in page.text) == (False, False)


def test_who_may_not_see_requests_learns_nothing_of_one(organization):
    person = User.objects.create_user("keys-only", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client, record = Client(), RequestRecordFactory(api_key=issue(organization)[0])
    client.force_login(person)
    page = asked(client, record)
    assert "You may not look at requests." in text_of(page)
    assert record.api_key.public_part not in page.text
