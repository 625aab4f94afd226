"""When an organization received names and dates of birth, by what is left of its record of changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.accounting.disclosures import DISCLOSED, Accounting
from partners.accounting.names import MARGIN, Names
from partners.accounting.periods import Period
from partners.catalogue.routes import Route
from partners.models import ChangeEvent, Organization
from partners.models.change import Action
from tests.factories import CHANGE, START
from tests.moments import TICK
from tests.partners.support.disclosing import days

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def changed(organization, when, receives: bool) -> None:
    ChangeEvent.objects.create(
        occurred_at=when,
        action=Action.NAMES_CHANGED,
        organization=organization,
        by="tester",
        source="tests",
        before={"receives_names": not receives},
        after={"receives_names": receives},
    )


def at(organization, *moments) -> list[bool]:
    names = Names.of(organization)
    return [names.at(moment) for moment in moments]


def test_names_were_given_up_to_a_minute_after_the_change_and_again_a_minute_before_the_next(organization):
    off, on = START, START + DAY
    changed(organization, off, False), changed(organization, on, True)
    edges = (off - DAY, off, off + MARGIN - TICK, off + MARGIN, on - MARGIN - TICK, on - MARGIN, on + DAY)
    assert at(organization, *edges) == [True, True, True, False, False, True, True]


def test_without_a_change_on_record_what_holds_now_always_did(organization):
    assert at(organization, START) == [True]
    Organization.objects.update(receives_names=False)
    organization.refresh_from_db()
    assert at(organization, START) == [False]


def test_before_the_earliest_change_that_is_left_its_own_before_holds(organization):
    changed(organization, START, True)
    assert at(organization, START - DAY, START) == [False, True]


def test_a_change_that_was_taken_back_within_two_minutes_hides_nothing(organization):
    changed(organization, START, False), changed(organization, START + 2 * MARGIN, True)
    changed(organization, START + DAY, False)
    assert at(organization, START + MARGIN, START + DAY, START + 2 * DAY) == [True, True, False]


def test_an_accounting_says_what_was_disclosed_with_and_without_names(told):
    now = timezone.now()
    for ago, route in ((4, "list"), (1, "list"), (1, "detail")):
        told.record(told.encounter(), at=now - days(ago), route=f"encounters.{route}")
    told.record(told.encounter(), at=now - days(1), route="documents.detail")
    changed(told.organization, now - days(2), False)
    accounting = Accounting.ask(CHANGE, told.id, Period.of(), form="page")
    first, *others = (each.what for each in accounting.disclosures())
    assert first == DISCLOSED[Route.ENCOUNTERS_LIST]
    assert others == [
        "Encounter: type, status, times, document titles (in a list)",
        "Encounter: type, status, times, document titles",
        DISCLOSED[Route.DOCUMENTS_DETAIL],
    ]
    assert {each.what: each.number for each in accounting.totals} == dict.fromkeys([first, *others], 1)
