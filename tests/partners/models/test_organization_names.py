"""Whether an organization receives names and dates of birth: in its answers, on record, and by command and page."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.models.change import Action, Change
from tests.api import LIST
from tests.factories import CHANGE, EncounterFactory
from tests.partners.support.command_line import refused, run_json
from tests.partners.support.diagnosing import text_of
from tests.partners.support.staff import page_of, signed_in

pytestmark = pytest.mark.django_db
IDENTITY = ("first_name", "last_name", "date_of_birth")


@pytest.fixture
def patients(api, organization):
    """Return the patients of the list and of the detail of one encounter."""
    encounter = EncounterFactory(organization=organization)

    def read():
        listed = api.get(LIST).json()["items"][0]["patient"]
        return [listed, api.get(f"{LIST}/{encounter}").json()["encounter"]["patient"]]

    return read


def test_names_and_dates_of_birth_are_null_from_the_next_call_on(organization, patients):
    before = patients()
    assert before[0] == before[1]
    assert all(before[0].values())
    assert organization.set_names(CHANGE, receives=False)
    assert patients() == [before[0] | dict.fromkeys(IDENTITY)] * 2
    assert organization.set_names(CHANGE, receives=True)
    assert patients() == before


def test_each_change_is_recorded_with_its_reason(organization):
    organization.set_names(CHANGE, receives=False)
    assert not organization.set_names(CHANGE, receives=False)
    event = organization.events.first()
    assert (event.action, event.reason, event.before, event.after) == (
        *(Action.NAMES_CHANGED, "a test"),
        *({"receives_names": True}, {"receives_names": False}),
    )
    with pytest.raises(ValidationError, match="reason"):
        organization.set_names(Change(by="tester", source="tests"), receives=True)


def test_the_command_sets_it(organization):
    report = run_json("set_names", organization.name, "off", "--reason", "the contract says so")
    assert (report["organization_id"], report["names"], report["changed"]) == (organization.public_id, False, True)
    assert run_json("set_names", organization.public_id, "on", "--reason", "x")["names"]
    assert "invalid choice" in refused("set_names", organization.name, "x", "--reason", "x")


def test_the_access_page_says_it_and_leads_to_the_change(onboarding, organization):
    page = page_of(organization, "access")
    assert "Receives names and dates of birth of patients: Yes" in text_of(onboarding.get(page))
    form = page_of(organization, "names")
    assert f'href="{form}"' in onboarding.get(page).text
    assert '<option value="True" selected>' in onboarding.get(form).text
    answer = onboarding.post(form, {"receives_names": "False", "reason": "as agreed"})
    assert answer.headers["Location"] == page
    assert "They are null in every answer." in text_of(onboarding.get(page))
    assert '<option value="False" selected>' in onboarding.get(form).text
    assert onboarding.post(form, {"receives_names": "True"}).context["form"].errors.keys() == {"reason"}


def test_who_may_not_change_it_sees_it(organization):
    support = signed_in("Support")
    assert page_of(organization, "names") not in support.get(page_of(organization, "access")).text
    assert support.post(page_of(organization, "names"), {}).status_code == 403


def test_it_costs_a_call_no_statement(organization, patients):
    patients()
    taken = []
    for receives in (True, False):
        organization.set_names(CHANGE, receives=receives)
        with CaptureQueriesContext(connection) as captured:
            patients()
        taken.append(len(captured))
    assert taken[0] == taken[1]
