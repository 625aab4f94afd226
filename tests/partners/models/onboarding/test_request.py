"""One request for access: what it accepts, and the one decision about it."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from partners.catalogue.presets import Preset
from partners.models import ChangeEvent, OnboardingRequest, OnboardingState
from partners.models.change import Action, Change
from partners.models.onboarding.request import KEPT, WANTED
from tests.factories import CHANGE
from tests.partners.support.asking import GIVEN, asked

pytestmark = pytest.mark.django_db


def test_a_request_waits_and_creates_nothing():
    request = asked(organization_name="  Lakeside   Imaging ")
    assert (str(request), request.state, request.organization) == ("Lakeside Imaging", OnboardingState.WAITING, None)
    assert not ChangeEvent.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organization_name", ""),
        ("organization_name", "Lake\u202eside"),
        ("organization_name", "x" * 201),
        ("contact_name", ""),
        ("contact_name", "Robin\nSample"),
        ("contact_email", ""),
        ("contact_email", "robin"),
        ("purpose", ""),
        ("purpose", "a\tb"),
        ("purpose", "x" * 1001),
        ("wanted", "everything"),
        ("website", "ftp://lakeside.example"),
        ("website", "javascript:alert(1)"),
    ],
)
def test_a_bad_value_is_refused_under_its_name(field, value):
    with pytest.raises(ValidationError) as refusal:
        asked(**{field: value})
    assert [*refusal.value.message_dict] == [field]
    assert not OnboardingRequest.objects.exists()


def test_a_name_that_imitates_another_is_kept_and_marked(organization):
    request = asked(organization_name=organization.name.replace("a", "\u0430"))
    assert "another alphabet" in request.name_fault
    assert [*request.alike()] == [organization]
    assert (asked().name_fault, [*asked().alike()]) == ("", [])


def test_a_preset_is_wanted_or_the_partner_is_not_sure():
    assert {name: asked(f"192.0.2.{at}", wanted=name).preset for at, (name, _) in enumerate(WANTED)} == {
        **{preset.preset_name: preset for preset in Preset},
        "undecided": None,
    }


def test_an_accepted_request_names_its_organization(newcomer):
    request = asked()
    request.accept(CHANGE, newcomer)
    assert (request.state, request.organization, request.decided_by) == (OnboardingState.ACCEPTED, newcomer, "tester")
    event = newcomer.events.first()
    assert (event.action, event.after) == (Action.ACCESS_REQUEST_ACCEPTED, {"access_request": request.public_id})


def test_a_declined_request_keeps_the_reason_and_the_record_keeps_nothing_that_was_sent():
    request = asked()
    request.decline(CHANGE)
    assert (request.state, request.reason) == (OnboardingState.DECLINED, CHANGE.reason)
    event = ChangeEvent.objects.get(action=Action.ACCESS_REQUEST_DECLINED)
    assert (event.organization, event.reason, event.after) == (None, "a test", {"access_request": request.public_id})
    assert not any(value in str(vars(event)) for value in GIVEN.values())


def test_a_request_is_declined_only_for_a_reason():
    with pytest.raises(ValidationError, match="Give the reason"):
        asked().decline(Change("tester", "tests"))


def test_nobody_decides_twice(newcomer):
    request, again = asked(), OnboardingRequest.objects.get()
    request.decline(CHANGE)
    for decide in (lambda: again.accept(CHANGE, newcomer), lambda: again.decline(CHANGE)):
        with pytest.raises(ValidationError, match="already accepted or declined"):
            decide()
    assert ChangeEvent.objects.filter(action__startswith="access_request").count() == 1


def test_no_request_has_an_organization_without_a_decision(newcomer):
    asked()
    with pytest.raises(IntegrityError), transaction.atomic():
        OnboardingRequest.objects.update(organization=newcomer)


def test_states_are_listed_in_the_order_of_the_work(newcomer):
    first, second, third, fourth = [asked(f"192.0.2.{number}") for number in range(4)]
    second.decline(CHANGE)
    third.accept(CHANGE, newcomer)
    find = OnboardingRequest.objects.in_state
    assert [*find(OnboardingState.WAITING)] == [first, fourth]
    assert [*find(OnboardingState.DECLINED)] == [second]
    assert [*find(OnboardingState.ACCEPTED)] == [third]


def test_only_what_was_decided_long_ago_is_due():
    old, new, _ = [asked(f"192.0.2.{number}") for number in range(3)]
    new.decline(CHANGE)
    old.decline(CHANGE)
    OnboardingRequest.objects.filter(pk=old.pk).update(decided_at=timezone.now() - KEPT - timedelta(seconds=1))
    OnboardingRequest.objects.filter(decided_at=None).update(requested_at=timezone.now() - 10 * KEPT)
    assert [*OnboardingRequest.objects.due()] == [old]
