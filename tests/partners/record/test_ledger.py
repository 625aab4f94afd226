"""The row of an answer: what it says, and what it never says."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from encounters.models import Encounter
from partners.keys import tokens
from partners.models import RequestRecord
from tests.api import LIST
from tests.factories import START, DocumentFactory, EncounterFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
UNKNOWN_ID = "enc_" + "0" * 22


def row() -> RequestRecord:
    return RequestRecord.objects.get()


def test_a_list_is_on_record_with_all_that_it_disclosed(organization, owned):
    key, api = owned
    patient = EncounterFactory(organization=organization).patient
    EncounterFactory(organization=organization, patient=patient)
    EncounterFactory(organization=organization, patient=None)
    EncounterFactory(organization=organization)
    answer, record = api.get(query="sort_order=asc&limit=3"), row()
    assert record.request_id == answer["X-Request-ID"]
    assert (record.api_key, record.organization, record.address) == (key, organization, "127.0.0.1")
    assert (record.method, record.route, record.resource) == ("GET", "encounters.list", "")
    assert record.query == "limit=3&offset=0&sort_order=asc"
    assert (record.status, record.reason_code, record.reason, record.remedy) == (200, "", None, None)
    assert named(Encounter, record.encounters) == [item["encounter_id"] for item in answer.json()["items"]]
    assert (record.count, record.patients, record.document) == (3, [patient.pk], None)
    assert timedelta(0) <= timezone.now() - record.occurred_at < timedelta(minutes=1)
    assert 0 < record.microseconds < 60_000_000


def named(model, pks):
    ids = model.objects.in_bulk(pks)
    return [ids[pk].public_id for pk in pks]


def test_a_detail_is_on_record_with_its_encounter(organization, owned):
    encounter = EncounterFactory(organization=organization)
    owned[1].get(f"{LIST}/{encounter.public_id}")
    assert (row().route, row().resource, row().query) == ("encounters.detail", encounter.public_id, "")
    assert (row().count, row().encounters, row().patients) == (1, [encounter.pk], [encounter.patient.pk])


def test_a_document_is_on_record_with_its_encounter(organization, owned):
    document = DocumentFactory(encounter__organization=organization, schema_type="document")
    encounter = document.encounter
    owned[1].get(f"{LIST}/{encounter.public_id}/documents/{document.public_id}")
    assert (row().route, row().resource) == ("documents.detail", f"{encounter.public_id}/{document.public_id}")
    assert (row().encounters, row().patients, row().document) == ([encounter.pk], [encounter.patient.pk], document.pk)


@pytest.mark.parametrize("patient", [None, "withdrawn", "another organization's"])
def test_a_patient_that_is_not_in_the_body_is_not_on_record(organization, owned, patient):
    linked = {"patient": None} if patient is None else {"patient__withdrawn_at": START}
    if patient == "another organization's":
        linked = {"patient__organization": OrganizationFactory()}
    encounter = EncounterFactory(organization=organization, **linked)
    assert owned[1].get().json()["items"][0]["patient"] is None
    assert (row().encounters, row().patients) == ([encounter.pk], [])


def test_an_empty_page_disclosed_nobody(organization, owned):
    EncounterFactory(organization=organization)
    assert owned[1].get(query="offset=1").json()["total"] == 1
    assert (row().status, row().count, row().encounters, row().patients) == (200, 0, [], [])


@pytest.mark.parametrize("path", [LIST, f"{LIST}/{{encounter}}"])
def test_head_discloses_nothing(organization, owned, path):
    encounter = EncounterFactory(organization=organization)
    answer = owned[1].get(path.format(encounter=encounter.public_id), method="HEAD")
    assert (answer.status_code, answer.content, int(answer["Content-Length"]) > 100) == (200, b"", True)
    assert (row().method, row().status, row().count) == ("HEAD", 200, 0)
    assert (row().encounters, row().patients) == ([], [])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", "limit=50&offset=0&sort_order=desc"),
        ("&offset=7&%6Cimit=5&", "limit=5&offset=7&sort_order=desc"),
        (
            "end_at=2026-05-25t14:00:00.5%2B02:00&start_at=0001-01-01T00:00:00Z",
            "limit=50&offset=0&sort_order=desc&start_at=0001-01-01T00:00:00Z&end_at=2026-05-25T12:00:00.500000Z",
        ),
    ],
)
def test_the_query_is_kept_in_normal_form(owned, sent, kept):
    assert owned[1].get(query=sent).status_code == 200
    assert row().query == kept


@pytest.mark.parametrize("query", ["x=1", "limit=0", "limit=5&name=Doe", "start_at=Doe", "sort_order=asc&offset=-1"])
@pytest.mark.parametrize("path", [LIST, f"{LIST}/{UNKNOWN_ID}"])
def test_a_query_that_fails_its_checks_is_not_kept(owned, path, query):
    assert owned[1].get(path, query).status_code in (400, 422)
    assert row().query == ""


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (UNKNOWN_ID, UNKNOWN_ID),
        ("Jane%20Doe", "?"),
        ("1970-01-01", "?"),
        (UNKNOWN_ID + "0", "?"),
        (f"{UNKNOWN_ID}%00", "?"),
        (f"{UNKNOWN_ID}/documents/Jane", f"{UNKNOWN_ID}/?"),
        (f"Jane/documents/doc_{'0' * 22}/audio", f"?/doc_{'0' * 22}"),
    ],
)
def test_of_the_path_only_what_is_an_id_is_kept(owned, path, kept):
    assert owned[1].get(f"{LIST}/{path}").status_code == 404
    assert row().resource == kept


def test_a_token_in_the_path_is_not_kept(owned):
    owned[1].get(f"{LIST}/{tokens.mint(is_test=False).text}")
    assert row().resource == "?"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "JANEDOE"])
def test_a_method_is_kept_where_it_is_one_that_http_names(owned, method):
    assert owned[1].refusal(method=method) == (405, "method_not_allowed", None)
    assert row().method == (method if method not in ("TRACE", "JANEDOE") else "other")


def test_a_row_holds_no_name_no_birth_date_no_secret_and_no_raw_query(organization, owned):
    key, api = owned
    patient = {"first_name": "Quirina", "last_name": "Xylander", "date_of_birth": "1911-11-11"}
    encounter = EncounterFactory(
        organization=organization, **{f"patient__{name}": text for name, text in patient.items()}
    )
    DocumentFactory(encounter=encounter, title="Umbrella note")
    raw = "%6Cimit=7&start_at=2026-05-25T14%3A00%3A00Z"
    api.get(query=raw)
    api.get(f"{LIST}/{encounter.public_id}")
    api.get(f"{LIST}/{api.token}", f"Xylander={api.token}", HTTP_USER_AGENT="Umbrella agent", HTTP_COOKIE="a=Umbrella")
    kept = json.dumps([[*map(str, each)] for each in RequestRecord.objects.values_list()])
    for secret in (*patient.values(), "Umbrella", raw, api.token, api.token[18:-6], key.public_part):
        assert secret not in kept
