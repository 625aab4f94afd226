"""How the rows of the log name themselves."""

from encounters.models import ChangeHorizon, EncounterChange


def test_a_change_names_its_encounter_and_what_became_of_it():
    assert str(EncounterChange(public_id="enc_invented", change="withdrawn")) == "enc_invented withdrawn"


def test_a_horizon_names_the_last_change_that_is_gone():
    assert str(ChangeHorizon(position=7)) == "changes to 7"
