"""The groups of kinds: each kind is in one, and a choice means its kinds."""

from partners.admin.changes.kinds import GROUPS, WORK, actions
from partners.models.change import Action


def test_each_kind_of_change_is_in_one_group():
    assert sorted(action for group in GROUPS.values() for action in group.actions) == sorted(Action)


def test_a_choice_means_one_kind_a_group_or_all_but_signing_in():
    assert actions("key_issued") == [Action.KEY_ISSUED]
    assert actions("records") == [
        Action.RECORD_RESTRICTED,
        Action.RESTRICTION_LIFTED,
        Action.DISCLOSURES_ACCOUNTED,
        Action.EXPORTED,
        Action.CHECKPOINT_SENT,
        Action.FAULTS_EXPLAINED,
        Action.STAFF_ACTIVITY_SHOWN,
        Action.RECORDS_PRUNED,
    ]
    assert {*actions(WORK), *actions("signin")} == {*Action}
    assert not {*actions(WORK)} & {*actions("signin")}
