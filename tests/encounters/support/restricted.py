"""What a partner can see of an encounter and of its document, and restrictions of them."""

from encounters.models import Restriction
from tests.factories import CHANGE


def restrict(subject, **values):
    return Restriction.impose(subject, CHANGE, **values)


def listed(api):
    """Return the ids of the encounters in the list, and the total."""
    page = api.get("/external/v1/encounters").json()
    return [each["encounter_id"] for each in page["items"]], page["total"]


def documents(api, encounter):
    """Return the ids of the documents in an encounter."""
    found = api.get(f"/external/v1/encounters/{encounter.public_id}").json()["encounter"]
    return [each["document_id"] for each in found["documents"]]
