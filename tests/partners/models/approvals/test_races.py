"""Two people decide one request at the same time, or one issues an approved key twice: one decision, one key."""

from functools import partial

import pytest
from django.core.exceptions import ValidationError

from partners.catalogue.routes import Scope
from partners.models import ApiKey, Approval, ApprovalState, ChangeEvent
from partners.models.change import Action
from partners.review.approvals import asking
from tests.partners.models.approvals.conftest import person
from tests.partners.support.approving import by, key_asked_for, scope_asked_for
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = rounds(postgresql=4, sqlite=4)


def twice(approval: Approval) -> list[Approval]:
    """Return the row as two callers hold it."""
    return [Approval.objects.get(pk=approval.pk) for _ in range(2)]


def test_an_approval_meets_another_and_the_change_is_made_once(race, narrow_key, asker, approver):
    other = person("eve")
    for number in range(1, ROUNDS + 1):
        narrow_key.set_scopes([Scope.ENCOUNTERS_READ], by(asker))
        first, second = twice(scope_asked_for(asker, narrow_key))
        results = race(partial(first.approve, approver, by(approver)), partial(second.approve, other, by(other)))
        assert [result.code for result in results if isinstance(result, ValidationError)] == ["decided"]
        assert ChangeEvent.objects.filter(action=Action.APPROVED).count() == number
        assert set(narrow_key.scopes.values_list("name", flat=True)) == {*Scope}


def test_an_approval_meets_a_refusal_before_or_after(race, narrow_key, asker, approver):
    other = person("eve")
    for _ in range(ROUNDS):
        narrow_key.set_scopes([Scope.ENCOUNTERS_READ], by(asker))
        first, second = twice(scope_asked_for(asker, narrow_key))
        race(partial(first.approve, approver, by(approver)), partial(second.decline, other, by(other)))
        first.refresh_from_db()
        changed = narrow_key.scopes.count() == len(Scope)
        assert (first.state, changed) in ((ApprovalState.APPROVED, True), (ApprovalState.DECLINED, False))


def test_an_approved_key_is_issued_once(race, narrow_key, asker, approver):
    for number in range(ROUNDS):
        approval = key_asked_for(asker, narrow_key.organization, label=f"System {number}")
        approval.approve(approver, by(approver))
        results = race(*(partial(each.issue, by(asker), asker) for each in twice(approval)))
        assert [result.code for result in results if isinstance(result, ValidationError)] == ["approved"]
        assert ApiKey.objects.filter(label=f"System {number}").count() == 1


def test_the_same_is_asked_for_once(race, narrow_key, asker):
    for _ in range(ROUNDS):
        race(*[partial(asking.set_scopes, narrow_key, [*Scope], by(asker), asker)] * 2)
        approval = Approval.objects.waiting().get()
        approval.withdraw(asker, by(asker))
