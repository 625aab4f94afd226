"""Reporting keys as leaked: each as chosen, all or none, and nothing twice."""

import pytest
from django.core.exceptions import ValidationError

from partners.diagnosis.pasted import Match
from partners.leaks.reporting import Finding, Response, proved, report
from partners.models import ChangeEvent, KeyLeak, KeyState
from partners.models.change import Action
from partners.models.keys.leak import Proof
from tests.factories import CHANGE, issue

pytestmark = pytest.mark.django_db
PLACE = "a public repository"


def found(key, response=Response.NOTIFY, proof=Proof.WHOLE) -> Finding:
    return Finding(key, proof, response)


def test_each_key_is_dealt_with_as_chosen(organization):
    keys = [issue(organization)[0] for _ in range(3)]
    outcomes = report(map(found, reversed(keys), Response), CHANGE, place=PLACE)
    assert [(each.key, each.is_new, each.done) for each in outcomes] == [
        (keys[0], True, "revoked"),
        (keys[1], True, "disabled"),
        (keys[2], True, ""),
    ]
    assert [key.state for key in keys] == [KeyState.REVOKED, KeyState.DISABLED, KeyState.ACTIVE]
    actions = ChangeEvent.objects.filter(api_key=keys[0]).order_by("pk").values_list("action", flat=True)
    assert [*actions] == [Action.KEY_ISSUED, Action.KEY_LEAKED, Action.KEY_REVOKED]


def test_a_key_whose_state_forbids_it_is_only_reported(key):
    key.revoke(CHANGE)
    (outcome,) = report([found(key, Response.DISABLE)], CHANGE, place=PLACE)
    assert (outcome.is_new, outcome.done) == (True, "")


def test_all_are_reported_or_none(organization):
    keys = [issue(organization)[0] for _ in range(2)]
    with pytest.raises(ValidationError):
        report([found(key, Response.REVOKE) for key in keys], CHANGE, place="two\nlines")
    assert not KeyLeak.objects.exists()
    assert {key.state for key in keys} == {KeyState.ACTIVE}


@pytest.mark.parametrize(("again", "done"), [(True, "disabled"), (False, "")])
def test_a_machine_that_reports_a_place_again_does_nothing(key, again, done):
    report([found(key, Response.DISABLE)], CHANGE, place=PLACE)
    key.enable(CHANGE)
    (outcome,) = report([found(key, Response.DISABLE)], CHANGE, place=PLACE, again=again)
    assert (outcome.is_new, outcome.done) == (False, done)


def test_only_a_whole_token_whose_secret_is_right_is_acted_upon(organization):
    matches = [Match(issue(organization)[0], proof) for proof in Proof]
    findings = proved(matches, Response.REVOKE)
    assert [(each.proof, each.response) for each in findings] == [
        (Proof.WHOLE, Response.REVOKE),
        (Proof.UNVERIFIED, Response.NOTIFY),
    ]
