import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from partners.models import ApiKeySwitch, ChangeEvent
from partners.models.change import Action, Change
from tests.factories import CHANGE

pytestmark = pytest.mark.django_db


def test_there_is_one_switch_and_it_is_on():
    assert str(ApiKeySwitch.objects.get()) == "on"


def test_the_switch_is_turned_off_and_on_and_each_is_recorded():
    ApiKeySwitch.turn(False, CHANGE)
    assert str(ApiKeySwitch.objects.get()) == "off"
    ApiKeySwitch.turn(True, CHANGE)
    assert ApiKeySwitch.objects.get().enabled
    on, off = ChangeEvent.objects.filter(action=Action.API_KEYS_SWITCHED)
    assert (off.before, off.after) == (on.after, on.before) == ({"enabled": True}, {"enabled": False})


def test_a_switch_that_is_on_is_not_turned_on():
    with pytest.raises(ValidationError, match="already on") as refusal:
        ApiKeySwitch.turn(True, CHANGE)
    assert refusal.value.code == "unchanged"
    assert not ChangeEvent.objects.exists()


def test_turning_the_switch_needs_a_reason():
    with pytest.raises(ValidationError) as refusal:
        ApiKeySwitch.turn(False, Change(by="tester", source="tests"))
    assert refusal.value.code == "reason_required"
    assert ApiKeySwitch.objects.get().enabled


def test_a_turn_that_cannot_be_recorded_is_not_made():
    with pytest.raises(ValidationError):
        ApiKeySwitch.turn(False, Change(by="", source="tests", reason="a test"))
    assert ApiKeySwitch.objects.get().enabled


@pytest.mark.parametrize("number", [0, 2])
def test_there_cannot_be_a_second_switch(number):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO partners_apikeyswitch (id, enabled) VALUES (%s, %s)", [number, True])
