"""The limit of an organization on the staff's pages: shown and changed."""

import pytest

from partners.models.change import Action
from tests.factories import CHANGE, limit
from tests.partners.support.staff import page_of, signed_in

pytestmark = pytest.mark.django_db


def test_a_limit_is_set_and_removed(onboarding, organization):
    given = {"calls_per_minute": "1500", "reason": "as agreed", "ticket": "T-1"}
    assert onboarding.post(page_of(organization, "limit"), given).headers["Location"] == page_of(organization)
    text = onboarding.get(page_of(organization)).text
    assert "1,500 calls a minute, 0 used in this minute" in text
    assert "Limit of calls a minute: none → 1500" in onboarding.get(page_of(organization, "changes")).text
    assert organization.events.first().action == Action.ORGANIZATION_LIMIT_CHANGED
    onboarding.post(page_of(organization, "limit"), given | {"calls_per_minute": ""})
    assert organization.events.first().after == {"calls_per_minute": None}


def test_the_form_shows_the_limit_and_the_page_its_use(onboarding, organization):
    limit(organization, 1_500, used=40)
    assert 'value="1500"' in onboarding.get(page_of(organization, "limit")).text
    assert "40 used in this minute" in onboarding.get(page_of(organization)).text


@pytest.mark.parametrize("text", ["0", "-5", "1000001", "many"])
def test_what_is_no_limit_is_refused_next_to_its_field(onboarding, organization, text):
    answer = onboarding.post(page_of(organization, "limit"), {"calls_per_minute": text, "reason": "as agreed"})
    assert [*answer.context["form"].errors] == ["calls_per_minute"]
    organization.refresh_from_db()
    assert organization.calls_per_minute is None


def test_people_who_may_not_change_it_see_it(organization):
    organization.set_limit(CHANGE, 7)
    text = signed_in("Support").get(page_of(organization)).text
    assert "7 calls a minute" in text
    assert page_of(organization, "limit") not in text
