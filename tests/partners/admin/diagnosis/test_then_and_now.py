"""A call on record, judged again by its request id: what was answered then, and what would be now."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route, Scope
from partners.models import AllowedNetwork, RequestRecord
from tests.api import LIST, Api
from tests.factories import CHANGE, EncounterFactory, RequestRecordFactory, issue
from tests.partners.support.diagnosing import PAGE, ask, text_of

pytestmark = pytest.mark.django_db
UNKNOWN = "req_0123456789abcdefghijkl"


def recorded(token, path=LIST, query="", **call) -> RequestRecord:
    """Make a call, and return its record."""
    answer = Api(token).get(path, query, **call)
    return RequestRecord.objects.get(request_id=answer["X-Request-ID"])


def asked(client, record):
    return client.get(PAGE, {"call": record.request_id})


def words(page) -> dict[str, str]:
    """Return how each check is shown, by its reason code."""
    findings = page.context["findings"]
    return {each.reason.code: each.word for each in [*findings.reached, *findings.beyond]}


def test_a_refusal_that_still_holds(support, organization):
    key, token = issue(organization, scopes=[Scope.ENCOUNTERS_READ])
    record = recorded(token, query="limit=5")
    page = asked(support, record)
    assert "(it lacks patients:read, documents:read); Partner onboarding can fix this." in text_of(page)
    assert "The call was refused with 403 missing_scope because" in page.context["sentence"]
    assert "The same call is still refused with 403 missing_scope." in text_of(page)
    assert "Checked as a call with this key." in text_of(page)
    assert page.context["key"] == key
    assert f'href="/admin/partners/requestrecord/{record.request_id}/"' in page.text


def test_refused_then_passes_now(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token)
    key.set_scopes(Scope, CHANGE)
    page = asked(support, record)
    assert page.context["sentence"].startswith("The call was refused with 403 missing_scope because")
    assert "can fix this" not in page.context["sentence"]
    assert "Today only its query could be refused. Only valid queries are stored" in text_of(page)
    assert words(page)["missing_scope"] == "Refused then, passes now"
    assert words(page)["invalid_limit"] == "Not known"


def test_refused_then_and_now_with_another_code(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token)
    key.revoke(CHANGE)
    page = asked(support, record)
    assert page.context["sentence"].startswith("The call was refused with 403 missing_scope because")
    assert "Today it is refused with 401 revoked_key because the API key has been revoked" in text_of(page)
    assert words(page)["missing_scope"] == "Would refuse"


def test_refused_then_and_passing_behind_what_refuses_now(support, organization):
    key, token = issue(organization, scopes=[])
    record = recorded(token)
    key.set_scopes(Scope, CHANGE)
    key.revoke(CHANGE)
    assert words(asked(support, record))["missing_scope"] == "Refused then, passes now"


def test_served_then_refused_now(support, organization):
    record = recorded(issue(organization)[1], query="limit=5")
    organization.set_access(CHANGE, disable=Route.grantable())
    page = asked(support, record)
    told = "The call was answered with 200. Today it is refused with 403 route_not_allowed because this route is not"
    assert page.context["sentence"].startswith(told)
    assert "GET /external/v1/encounters?limit=5&offset=0&sort_order=desc" in text_of(page)
    assert "not stored" not in text_of(page)


def test_served_then_and_now(support, organization):
    page = text_of(asked(support, recorded(issue(organization)[1])))
    assert "The call was answered with 200. The same call is still answered with 200." in page


QUERIES = {
    "unsupported_filter": "cursor=1",
    "invalid_limit": "limit=500",
    "invalid_offset": "offset=-1",
    "invalid_sort": "sort_order=up",
    "invalid_query": "start_at=now",
}


@pytest.mark.parametrize("code", QUERIES)
def test_a_refused_query_is_reported_as_it_was_refused(support, organization, code):
    record = recorded(issue(organization)[1], query=QUERIES[code])
    page = asked(support, record)
    assert page.context["sentence"].startswith(f"The call was refused with {record.status} {code} because")
    assert page.context["sentence"].endswith("; the partner's engineer can fix this.")
    assert "Rejected queries are not stored: paste the request to see the value." in text_of(page)
    assert "nothing blocks it" not in text_of(page)


@pytest.mark.parametrize("code", QUERIES)
def test_for_a_refused_query_the_order_of_the_checks_implies_the_rest(support, organization, code):
    shown = words(asked(support, recorded(issue(organization)[1], query=QUERIES[code])))
    at = [*QUERIES].index(code)
    assert [shown[each] for each in QUERIES] == ["Passed"] * at + ["Refused"] + ["Not known yet"] * (4 - at)


def test_the_answer_to_a_refused_query_is_shown_as_far_as_it_is_known(support, organization):
    token = issue(organization)[1]
    queries = "limit=500", "cursor=1", "Xylander=1"
    limit, cursor, other = (asked(support, recorded(token, query=query)) for query in queries)
    assert '"field":"limit"' in text_of(limit)
    assert '"field":"cursor"' in text_of(cursor)
    assert "field named that parameter. Its name is not stored." in text_of(other)
    assert '"field":null' not in text_of(other)


def test_a_refused_query_of_a_key_that_is_refused_by_now(support, organization):
    key, token = issue(organization)
    record = recorded(token, query="limit=500")
    key.revoke(CHANGE)
    page = asked(support, record)
    assert page.context["sentence"].startswith("The call was refused with 422 invalid_limit because")
    assert "to see the value. Today it is refused with 401 revoked_key." in text_of(page)
    assert words(page)["invalid_limit"] == "Would refuse"


@pytest.mark.parametrize("code", ["internal_error", "service_unavailable"])
def test_a_fault_of_ours_on_record_is_reported(support, organization, code):
    status = Reason.coded(code).status
    page = asked(support, RequestRecordFactory(api_key=issue(organization)[0], status=status, reason_code=code))
    assert page.context["sentence"].startswith(f"The call was refused with {status} {code} because")
    assert words(page)[code] == "Refused"
    assert "We can't check here if that would happen again." in text_of(page)


def test_a_pasted_query_is_checked_and_the_recorded_refusal_stays(support, organization):
    record = recorded(issue(organization)[1], query="limit=500")
    again = ask(support, record.request_id, f"GET {LIST}?limit=500")
    assert "The request that you pasted is still refused with 422 invalid_limit." in text_of(again)
    other = ask(support, record.request_id, f"GET {LIST}?limit=50")
    assert other.context["sentence"].startswith("The call was refused with 422 invalid_limit because")
    assert "Today the request that you pasted is answered with 200." in text_of(other)
    assert words(other)["invalid_limit"] == "Refused then, passes now"


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
def test_values_filled_in_for_unrecorded_ones_fail_the_same_way(support, organization, method, path, code):
    record = recorded(issue(organization)[1], path, method=method)
    assert record.reason_code == code
    assert f"The same call is still refused with {record.status} {code}." in text_of(asked(support, record))


def test_a_call_by_its_ids_is_judged_on_them(support, organization):
    encounter = EncounterFactory(organization=organization)
    record = recorded(issue(organization)[1], f"{LIST}/{encounter.public_id}")
    type(encounter).objects.filter(pk=encounter.pk).update(record_class="demo")
    assert "Today it is refused with 403 demo_training_denied because" in text_of(asked(support, record))


@pytest.mark.parametrize("line", [f"HEAD {LIST}", f"GET {LIST}/x", "GET /external/v1/nowhere"])
def test_a_different_call_is_not_compared(support, organization, line):
    record = recorded(issue(organization)[1])
    page = ask(support, record.request_id, line)
    assert page.context["key"] == record.api_key
    assert page.context["then"] is None
    assert "On record" not in text_of(page)


@pytest.mark.parametrize("quote", ["{}", " X-Request-ID: {} "])
def test_the_box_takes_a_request_id_and_keeps_it(support, organization, quote):
    record = recorded(issue(organization)[1])
    page = ask(support, quote.format(record.request_id), "")
    assert "On record" in text_of(page)
    assert f'value="{record.request_id}"' in page.text


def test_an_unknown_request_id_says_what_that_means(support):
    for page in (support.get(PAGE, {"call": UNKNOWN}), ask(support, UNKNOWN)):
        assert "No answer with this request id is on record." in text_of(page)
        assert "findings" not in page.context
    assert "Give the request" not in text_of(support.get(PAGE, {"call": UNKNOWN}))
    assert f'value="{UNKNOWN}"' in support.get(PAGE, {"call": UNKNOWN}).text


def test_nothing_but_a_request_id_is_taken_from_the_address(support, token):
    for text in (token, "req_x", "<b>"):
        page = support.get(PAGE, {"call": text})
        assert (page.context["form"].is_bound, text in page.text) == (False, False)


def test_people_who_may_not_see_requests_learn_nothing_about_one(organization):
    person = User.objects.create_user("keys-only", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client, record = Client(), RequestRecordFactory(api_key=issue(organization)[0])
    client.force_login(person)
    page = asked(client, record)
    assert "You don't have permission to view requests." in text_of(page)
    assert record.api_key.public_part not in page.text


def test_a_recorded_call_is_judged_again_by_the_address_on_its_record(support, organization):
    key, token = issue(organization)
    rows = AllowedNetwork.listed([("203.0.113.0/24", "Office")])
    key.set_networks("enforce", rows, CHANGE)
    answer = Api(token).get(REMOTE_ADDR="198.51.100.7")
    record = RequestRecord.objects.get(request_id=answer["X-Request-ID"])
    page = asked(support, record)
    assert "is still refused with 403 source_not_allowed" in text_of(page)
    assert page.context["kept"]["address"] == "198.51.100.7"
    key.set_networks("watch", rows, CHANGE)
    assert "Today only its query could be refused." in text_of(asked(support, record))
