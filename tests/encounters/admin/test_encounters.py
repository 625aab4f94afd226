"""Encounters in the admin: what the list and the page of one show, and to whom."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from encounters.models import Document
from tests.factories import START, DocumentFactory, EncounterFactory, OrganizationFactory
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import signed_in, statements

pytestmark = pytest.mark.django_db
LIST = "/admin/encounters/encounter/"


def page_of(encounter) -> str:
    return f"{LIST}{encounter.pk}/change/"


@pytest.fixture
def security(db):
    return signed_in("Security")


@pytest.fixture
def encounters():
    """Encounters by name."""
    ours, theirs = (OrganizationFactory(name=name) for name in ("Lakeside", "Hillside"))
    return {
        "served": EncounterFactory(organization=ours, created_at=START),
        "planned": EncounterFactory(organization=ours, status="planned", encounter_type="clinical_documentation"),
        "demo": EncounterFactory(organization=theirs, record_class="demo"),
        "withdrawn": EncounterFactory(organization=theirs, withdrawn_at=timezone.now()),
    }


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"served", "planned", "demo", "withdrawn"}),
        ("organization=lake", {"served", "planned"}),
        ("type=clinical_documentation", {"planned"}),
        ("status=planned", {"planned"}),
        ("record_class=demo", {"demo"}),
        ("record_class=demo&organization=lakeside", set()),
        ("record_class=nothing", {"served", "planned", "demo", "withdrawn"}),
        ("q={id}", {"served"}),
        ("q=enc_nothing", set()),
    ],
)
def test_a_filter_shows_what_it_says(security, encounters, query, shown):
    page = security.get(f"{LIST}?{query}".format(id=encounters["served"].public_id))
    found = {each.pk for each in page.context["cl"].result_list}
    assert {name for name, encounter in encounters.items() if encounter.pk in found} == shown
    assert ("No matching encounters." in page.text, "Clear" in page.text) == (not shown, bool(query.strip("=")))


def test_the_list_says_what_partners_get(security, encounters):
    said = text_of(security.get(LIST))
    assert "Lakeside Ambient Completed Clinical Served 2026-05-25" in said
    assert "Hillside Ambient Completed Demo Never served" in said
    assert "Hillside Ambient Completed Clinical Withdrawn" in said
    assert "<title>Encounters · Partner access</title>" in security.get(LIST).text


def test_without_an_encounter_the_list_says_so(security):
    assert "No encounters yet." in security.get(LIST).text


def test_pages_lead_on_with_their_filters(security, monkeypatch):
    monkeypatch.setattr("encounters.admin.EncounterAdmin.list_per_page", 1)
    for _ in range(2):
        EncounterFactory()
    first = security.get(f"{LIST}?status=completed")
    assert 'rel="next" href="?p=2&amp;status=completed"' in first.text
    assert "Page 2 of 2" in security.get(f"{LIST}?status=completed&p=2").text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("served", "To partners Served Organization Lakeside Patient pat_"),
        ("demo", "Never served Only clinical records are served."),
        ("withdrawn", "Withdrawn Taken back by its source"),
    ],
)
def test_the_page_of_an_encounter_says_if_partners_get_it(security, encounters, name, told):
    assert told in text_of(security.get(page_of(encounters[name])))


def test_the_page_of_an_encounter_shows_its_documents_without_their_content(security):
    told = {"content": "An invented note", "turns": [{"text": "An invented turn"}]}
    document = DocumentFactory(encounter__created_at=START, **told)
    encounter = document.encounter
    Document.objects.create(encounter=encounter, schema_type="document", withdrawn_at=timezone.now())
    page = security.get(page_of(encounter))
    assert "Ambient Transcript Ambient transcript Completed 2026-05-25" in text_of(page)
    assert "Document – Withdrawn" in text_of(page)
    assert ("An invented note" in page.text, "An invented turn" in page.text) == (False, False)
    assert security.get(f"{LIST}{encounter.public_id}/change/").status_code == 200


def test_documents_need_a_permission_of_their_own():
    someone = signed_in(None)
    someone.get("/admin/").wsgi_request.user.user_permissions.add(Permission.objects.get(codename="view_encounter"))
    document = DocumentFactory()
    page = someone.get(page_of(document.encounter)).text
    assert (document.encounter.public_id in page, "Documents" in page) == (True, False)


def test_an_encounter_without_patient_and_documents_is_shown(security):
    encounter = EncounterFactory(patient=None, date_of_service=None)
    said = text_of(security.get(page_of(encounter)))
    for words in ("Patient None", "Date of serviceNot known", "No documents."):
        assert words in said


@pytest.mark.parametrize("text", ["0", "9" * 19, "abc"])
def test_no_encounter_is_found_by_another_id(security, text):
    assert security.get(f"{LIST}{text}/change/").status_code == 404


def test_the_history_of_an_encounter_is_its_page(security):
    encounter = EncounterFactory()
    assert security.get(f"{LIST}{encounter.pk}/history/").url == page_of(encounter)


def test_the_statements_of_a_page_do_not_grow_with_its_documents(security):
    document = DocumentFactory()
    few = statements(security, page_of(document.encounter))
    for _ in range(5):
        DocumentFactory(encounter=document.encounter)
    assert statements(security, page_of(document.encounter)) == few <= 9
