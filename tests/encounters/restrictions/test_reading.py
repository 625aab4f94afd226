"""What is read to restrict records, to lift restrictions and to show them: never the text of documents."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from encounters import restricting
from encounters.api import withheld
from encounters.models import Restriction
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory
from tests.partners.support.staff import signed_in

pytestmark = pytest.mark.django_db
LIST, ENCOUNTERS = "/admin/encounters/restriction/", "/admin/encounters/encounter/"


@pytest.fixture
def security(db):
    return signed_in("Security")


def page(address: str):
    """Return a reader of a page whose address has the encounter's key or the restriction's."""

    def read(person, document):
        keys = {"encounter": document.encounter_id, "restriction": document.restrictions.get().pk}
        assert person.get(address.format(**keys)).status_code == 200

    return read


READERS = {
    "list": page(LIST),
    "restriction": page(LIST + "{restriction}/change/"),
    "encounter": page(ENCOUNTERS + "{encounter}/change/"),
    "restrict": page(ENCOUNTERS + "{encounter}/restrict/"),
    "accounting": lambda person, document: restricting.of_patient(document.encounter.patient_id),
    "by id": lambda person, document: restricting.find_subject(document.public_id),
    "lift": lambda person, document: restricting.restriction_of(restricting.find_subject(document.public_id)).lift(
        CHANGE
    ),
    "lift due": lambda person, document: restricting.lift_due(CHANGE),
    "why": lambda person, document: withheld.why(document.encounter.public_id, document.public_id),
}


@pytest.mark.parametrize("reader", READERS)
def test_the_text_of_documents_is_never_read(security, reader):
    document = DocumentFactory(content="Invented.")
    DocumentFactory(encounter=document.encounter, content="Invented.")
    restrict(document)
    Restriction.objects.update(until=timezone.now())
    with CaptureQueriesContext(connection) as captured:
        READERS[reader](security, document)
    said = " ".join(each["sql"] for each in captured)
    assert "encounters_document" in said
    assert ('"content"' in said, '"turns"' in said) == (False, False)
