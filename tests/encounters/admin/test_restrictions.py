"""Restrictions in the admin: restricting from the page of an encounter, the list, and lifting."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import InMemoryStorage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from encounters.models import Encounter, Restriction
from partners.models.change import Action, ChangeEvent
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, EncounterFactory, OrganizationFactory
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import signed_in, statements

pytestmark = pytest.mark.django_db
LIST, ENCOUNTERS = "/admin/encounters/restriction/", "/admin/encounters/encounter/"
WHY = {"reason": "the patient asks", "ticket": "T-1"}
CHANGED = timezone.now()


class Bucket(InMemoryStorage):
    """A storage whose links nobody can take back."""


@pytest.fixture
def security(db):
    return signed_in("Security")


@pytest.fixture
def encounter():
    return DocumentFactory(encounter=EncounterFactory(organization=OrganizationFactory(name="Lakeside"))).encounter


def page_of(row) -> str:
    return f"{ENCOUNTERS if isinstance(row, Encounter) else LIST}{row.pk}/change/"


def restricting(encounter) -> str:
    return f"{ENCOUNTERS}{encounter.pk}/restrict/"


def may_only(*codenames):
    """Return a client of somebody with these permissions alone."""
    person = signed_in(None)
    user = person.get("/admin/").wsgi_request.user
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


def test_the_page_says_what_each_choice_concerns(security, encounter):
    EncounterFactory(organization=encounter.organization, patient=encounter.patient)
    said = text_of(security.get(restricting(encounter)))
    for words in (
        "Lakeside won't get what you restrict from the next call on.",
        "This encounter Its patient: 2 encounters now, and all that are imported later Only its document doc_",
        "Links to recordings stop working.",
    ):
        assert words in said


@pytest.mark.parametrize(("seconds", "told"), [(300, "5 minutes"), (60, "1 minute"), (90, "90 seconds")])
def test_links_that_cant_be_taken_back_are_told(security, encounter, settings, seconds, told):
    settings.STORAGES = settings.STORAGES | {"recordings": {"BACKEND": f"{__name__}.Bucket"}}
    settings.AUDIO_URL_SECONDS = seconds
    assert f"stop working when they expire, after {told} at most." in text_of(security.get(restricting(encounter)))


def test_restricted_documents_leave_room_for_others_and_a_list_that_is_cut_says_so(security, encounter, monkeypatch):
    monkeypatch.setattr("encounters.admin.restricting.SHOWN", 1)
    cut = "Only the first 1 documents are listed. Restrict another by its id with restrict."
    first, second = encounter.documents.get(), DocumentFactory(encounter=encounter, created_at=timezone.now())
    restrict(encounter), restrict(encounter.patient)
    assert offered(security, encounter, cut) == ([first.public_id], True)
    restrict(first)
    assert offered(security, encounter, cut) == ([second.public_id], False)
    restrict(second)
    said = text_of(security.get(restricting(encounter)))
    assert "Everything that can be restricted here is restricted already." in said


def offered(person, encounter, cut) -> tuple[list[str], bool]:
    page = person.get(restricting(encounter))
    return [*page.context["form"].subjects], cut in text_of(page)


@pytest.mark.parametrize("kind", ["encounter", "patient", "document"])
def test_what_was_chosen_is_restricted(security, encounter, kind):
    document = encounter.documents.get()
    subject = {"encounter": encounter, "patient": encounter.patient, "document": document}[kind]
    what = document.public_id if kind == "document" else kind
    page = security.post(restricting(encounter), {"what": what, **WHY}, follow=True)
    assert f"The {kind} is restricted." in page.text
    made = Restriction.objects.get()
    assert (made.subject, made.until, made.reason, made.restricted_by) == (
        *(subject, None, "the patient asks"),
        "Security-person",
    )
    event = ChangeEvent.objects.get(action=Action.RECORD_RESTRICTED)
    assert (event.ticket, event.by) == ("T-1", "Security-person")
    assert f"{kind.capitalize()}: the patient asks" in text_of(page)
    assert "Restricted" in text_of(page)


def test_a_restriction_until_a_day_lasts_through_that_day(security, encounter):
    security.post(restricting(encounter), {"what": "encounter", "until": "2099-05-25", **WHY})
    assert Restriction.objects.get().until.isoformat() == "2099-05-26T00:00:00+00:00"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"what": "encounter"}, "This field is required."),
        (WHY, "This field is required."),
        ({"what": "doc_other", **WHY}, "Select a valid choice."),
        ({"what": "encounter", "until": "x", **WHY}, "Enter an expiry as"),
        ({"what": "encounter", "until": "2020-01-01", **WHY}, "This date has passed."),
    ],
)
def test_what_cant_be_restricted_is_said(security, encounter, given, told):
    assert told in text_of(security.post(restricting(encounter), given))
    assert not Restriction.objects.exists()


def test_what_is_restricted_already_is_no_choice(security, encounter):
    restrict(encounter), restrict(encounter.documents.get())
    said = text_of(security.get(restricting(encounter)))
    assert ("This encounter" in said, "Its patient: 1 encounter now" in said, "Only its document" in said) == (
        *(False, True),
        False,
    )
    restrict(encounter.patient)
    assert "is restricted already" in text_of(security.get(restricting(encounter)))


def test_an_encounter_without_a_patient_can_be_restricted(security):
    encounter = EncounterFactory(patient=None)
    assert "Its patient" not in security.get(restricting(encounter)).text
    security.post(restricting(encounter), {"what": "encounter", **WHY})
    assert "This encounter" not in security.get(restricting(encounter)).text
    assert "the patient asks" in security.get(page_of(encounter)).text


def test_who_may_not_know_why_sees_that_it_is_restricted(encounter):
    restrict(encounter), restrict(encounter.documents.get())
    person = may_only("view_encounter", "view_document")
    said = text_of(person.get(page_of(encounter)))
    assert "To partners Restricted Withheld by a restriction" in said
    assert ("a test" in said, "Restrict…" in said) == (False, False)
    assert "Restricted" in text_of(person.get(ENCOUNTERS))
    assert person.get(restricting(encounter)).status_code == 403


def test_the_list_says_who_what_why_until_and_the_end(security, encounter):
    restrict(encounter.patient, until=timezone.now() + timedelta(days=30))
    restrict(encounter).lift(CHANGE)
    said = text_of(security.get(LIST))
    patient, ended = encounter.patient.public_id, encounter.public_id
    assert f"Encounter {ended} Lakeside a test" in said
    assert f"Patient {patient} Lakeside a test" in said
    for words in ("Ended", "Active", "For good", "2 restrictions, newest first"):
        assert words in said


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"patient", "encounter", "document"}),
        ("state=active", {"patient", "document"}),
        ("state=due", {"document"}),
        ("state=ended", {"encounter"}),
        ("state=nothing", {"patient", "encounter", "document"}),
        ("organization=lake", {"patient", "encounter", "document"}),
        ("organization=hill", set()),
    ],
)
def test_a_filter_shows_what_it_says(security, encounter, query, shown):
    restrict(encounter.patient), restrict(encounter).lift(CHANGE)
    document = restrict(encounter.documents.get(), until=timezone.now() + timedelta(days=1))
    Restriction.objects.filter(pk=document.pk).update(until=timezone.now() - timedelta(days=1))
    page = security.get(f"{LIST}?{query}")
    assert {each.kind for each in page.context["cl"].result_list} == shown
    assert ("No matching restrictions." in page.text) == (not shown)
    assert ("Date has passed</span>" in page.text) == ("document" in shown)


def test_without_a_restriction_the_list_says_where_to_make_one(security):
    assert "No restrictions. You restrict a record on the page of its encounter." in text_of(security.get(LIST))


@pytest.mark.parametrize("kind", ["patient", "encounter", "document"])
def test_a_restriction_is_lifted_on_its_page_with_a_reason(security, encounter, kind):
    subject = {"patient": encounter.patient, "encounter": encounter, "document": encounter.documents.get()}[kind]
    restriction = restrict(subject, until=timezone.now() + timedelta(days=1))
    Restriction.objects.update(until=timezone.now() - timedelta(days=1))
    page = security.get(page_of(restriction))
    assert subject.public_id in page.text
    assert "It ends when lift_restrictions runs, or when you lift it." in text_of(page)
    assert "This field is required." in security.post(page_of(restriction), {}).text
    page = security.post(page_of(restriction), WHY, follow=True)
    assert "Lifted. Partners get the record again" in page.text
    restriction.refresh_from_db()
    assert (restriction.ended_by, restriction.end_reason) == ("Security-person", "the patient asks")
    page = security.get(page_of(restriction))
    assert ("Ended" in page.text, "Lift the restriction" in page.text) == (True, False)
    assert "It had ended already." in security.post(page_of(restriction), WHY, follow=True).text


def test_who_may_only_look_lifts_nothing(encounter):
    restriction = restrict(encounter)
    person = may_only("view_restriction")
    page = person.get(page_of(restriction))
    assert ("Lift the restriction" in page.text, encounter.public_id in page.text) == (False, True)
    assert person.post(page_of(restriction), WHY).status_code == 403
    assert Restriction.objects.active().exists()


def test_the_history_of_a_restriction_is_its_page(security, encounter):
    restriction = restrict(encounter)
    assert security.get(f"{LIST}{restriction.pk}/history/").url == page_of(restriction)


def test_the_statements_of_a_page_do_not_grow(security, encounter):
    restriction = restrict(encounter.patient)
    few = [statements(security, each) for each in (restricting(encounter), page_of(restriction), page_of(encounter))]
    for _ in range(5):
        EncounterFactory(organization=encounter.organization, patient=encounter.patient, restricted_at=CHANGED)
        DocumentFactory(encounter=encounter)
    assert few == [
        statements(security, each) for each in (restricting(encounter), page_of(restriction), page_of(encounter))
    ]


@pytest.mark.parametrize(("kind", "counts"), [("patient", 1), ("encounter", 0), ("document", 0)])
def test_encounters_are_counted_only_where_their_number_is_shown(security, encounter, kind, counts):
    subject = {"patient": encounter.patient, "encounter": encounter, "document": encounter.documents.get()}[kind]
    restriction = restrict(subject)
    with CaptureQueriesContext(connection) as captured:
        security.get(page_of(restriction))
    assert sum('COUNT(*) AS "__count" FROM "encounters_encounter"' in each["sql"] for each in captured) == counts
