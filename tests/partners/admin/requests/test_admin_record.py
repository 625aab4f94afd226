"""One call's page: what was asked and answered, how to fix a refusal, and who sees whose data it disclosed."""

import re

import pytest

from partners.catalogue.routes import Scope
from tests.factories import CHANGE, DocumentFactory, OrganizationFactory, RequestRecordFactory, issue
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import signed_in, statements

pytestmark = pytest.mark.django_db
LIST = "/admin/partners/requestrecord/"


def page_of(record) -> str:
    return f"{LIST}{record.request_id}/"


def test_a_served_call_is_described_in_words(support, key):
    record = RequestRecordFactory(api_key=key, encounters=[1, 2], patients=[3], microseconds=4_200)
    page = text_of(support.get(page_of(record)))
    for told in (
        "Served with 200. It disclosed 2 encounters of 1 patient.",
        "GET /external/v1/encounters?limit=50&offset=0&sort_order=desc",
        "Normalized query",
        "198.51.100.7",
        "4.2 ms",
        "Known: the key had called from it before.",
        "Would it pass now?",
    ):
        assert told in page


def test_a_call_without_a_scope_names_the_scope_that_the_key_lacked_then(support, organization):
    key, _ = issue(organization, scopes=[Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ])
    values = {"route": "documents.audio", "status": 403, "reason_code": "missing_scope"}
    record = RequestRecordFactory(api_key=key, **values)
    told = "The key didn't hold documents:read, recordings:read."
    assert told in text_of(support.get(page_of(record)))
    key.set_scopes(Scope, CHANGE)
    key.set_scopes([], CHANGE)
    assert told in text_of(support.get(page_of(record)))
    later = RequestRecordFactory(api_key=key, **values)
    assert "didn't hold encounters:read, documents:read, recordings" in text_of(support.get(page_of(later)))


def test_a_scope_that_the_key_held_is_not_named(support, key):
    for code in ("missing_scope", "route_not_allowed"):
        record = RequestRecordFactory(api_key=key, route="documents.audio", status=403, reason_code=code)
        assert "didn't hold" not in text_of(support.get(page_of(record)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "The response had no encounters, so nothing was disclosed."),
        ({"method": "HEAD"}, "A HEAD response has no body, so nothing was disclosed."),
        (
            {"encounters": [1], "patients": [2], "document": 3},
            "It disclosed 1 encounter of 1 patient and one document.",
        ),
        ({"new_network": True}, "The key's first call from this network."),
        ({"resource": "?", "route": "encounters.detail"}, "{not-an-id} replaces a value that was not an id."),
    ],
)  # fmt: skip
def test_special_cases_are_described(support, key, values, told):
    assert told in text_of(support.get(page_of(RequestRecordFactory(api_key=key, **values))))


def test_a_call_that_came_to_no_route_says_so(support, key):
    stray = {"route": "", "resource": "/external/v1/encounter/?", "status": 404, "reason_code": "route_not_found"}
    page = text_of(support.get(page_of(RequestRecordFactory(api_key=key, query="", **stray))))
    assert "GET /external/v1/encounter/{not-kept}" in page
    assert "{not-kept} replaces everything else" in page
    assert "None: the call was refused before it reached a route." in page


def test_a_refusal_says_how_to_fix_it_and_where(support, key):
    record = RequestRecordFactory(api_key=key, status=403, reason_code="missing_scope", query="")
    answer = support.get(page_of(record))
    for told in (
        "Refused with 403 missing_scope because the API key lacks a scope",
        "Add the scope to the key",
        "Partner onboarding",
        "Query not stored",
    ):
        assert told in text_of(answer)
    assert f'<a href="/admin/partners/apikey/{key.pk}/change/">The key\'s page</a>' in answer.text.replace(
        "&#x27;", "'"
    )
    assert f'<a class="button primary" href="/admin/diagnosis/?call={record.request_id}">' in answer.text


def test_what_is_fixed_elsewhere_is_not_linked(support, key):
    record = RequestRecordFactory(api_key=key, status=422, reason_code="invalid_limit", query="")
    assert re.search(r"<dt>Where</dt><dd>\s*The call itself\s*</dd>", support.get(page_of(record)).text)


def test_the_request_id_can_be_copied(support, key):
    record = RequestRecordFactory(api_key=key)
    page = support.get(page_of(record)).text
    assert f'class="copy" data-text="{record.request_id}" aria-label="Copy {record.request_id}"' in page


def test_a_call_is_found_by_its_primary_key_too_and_no_other(support, key):
    record = RequestRecordFactory(api_key=key)
    assert record.request_id in support.get(f"{LIST}{record.pk}/").text
    for nothing in ("0", "9" * 30, "req_" + "0" * 22, "nothing"):
        assert support.get(f"{LIST}{nothing}/").status_code == 404


# Whose data -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def disclosing(key):
    """A call that disclosed a document, and as if a second encounter, which has gone since."""
    document = DocumentFactory(encounter__organization=key.organization)
    encounter = document.encounter
    record = RequestRecordFactory(
        api_key=key, encounters=[encounter.pk, encounter.pk + 1], patients=[encounter.patient_id], document=document.pk
    )
    return record, [encounter.public_id, encounter.patient.public_id, document.public_id]


def test_security_sees_which_encounters_and_patients(disclosing):
    record, ids = disclosing
    answer = signed_in("Security").get(page_of(record))
    assert all(f"<code>{public_id}</code>" in answer.text for public_id in ids)
    assert "And 1 that is no longer stored." in text_of(answer)


def test_security_sees_no_heading_for_kinds_that_were_not_disclosed(key):
    encounter = DocumentFactory(encounter__organization=key.organization, encounter__patient=None).encounter
    page = text_of(signed_in("Security").get(page_of(RequestRecordFactory(api_key=key, encounters=[encounter.pk]))))
    assert encounter.public_id in page
    assert not any(heading in page for heading in ("Patients", "no longer stored", "Security can see"))


@pytest.mark.parametrize("group", ["Support", "Partner onboarding"])
def test_other_roles_see_only_the_numbers(disclosing, group):
    record, ids = disclosing
    answer = signed_in(group).get(page_of(record))
    assert not any(public_id in answer.text for public_id in ids)
    assert "2 encounters of 1 patient. Security can see which." in text_of(answer)


def test_statements_do_not_grow_with_what_was_disclosed(disclosing):
    record, _ = disclosing
    others = [DocumentFactory(encounter__organization=OrganizationFactory()).encounter for _ in range(5)]
    more = RequestRecordFactory(
        api_key=record.api_key,
        encounters=[each.pk for each in others],
        patients=[each.patient_id for each in others],
        document=record.document,
    )
    security = signed_in("Security")
    assert statements(security, page_of(more)) == statements(security, page_of(record))
