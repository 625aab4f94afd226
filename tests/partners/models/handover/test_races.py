"""Several people use one link at the same time: one key, and one showing of it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from partners.keys import links
from partners.models import ApiKey, ChangeEvent, HandoverState, KeyHandover, Organization
from partners.models.change import Action
from partners.models.handover import Closed
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.handing_over import CONTACT, FROM, prepared, sent
from tests.racing import rounds

pytestmark = pytest.mark.usefixtures("on_file")
OVERLAP = timedelta(hours=24)
ROUNDS = rounds(postgresql=50, sqlite=20)
FEW = max(10, ROUNDS // 5)


@pytest.fixture
def partner(on_file) -> Organization:
    partner = OrganizationFactory()
    partner.set_contact(CHANGE, name="", email=CONTACT)
    return partner


def two(token: str) -> list[KeyHandover]:
    """Return the row as two callers hold it."""
    return [KeyHandover.objects.of_link(token) for _ in range(2)]


def keys_in(results: list[Any]) -> list[ApiKey]:
    return [result[0] for result in results if isinstance(result, tuple) and isinstance(result[0], ApiKey)]


def test_two_collections_at_once_make_one_key(race, partner):
    for number in range(ROUNDS):
        token, _ = sent(prepared(partner, label=f"System {number}"))
        results = race(*(partial(each.collect, FROM) for each in two(token)))
        made = keys_in(results)
        assert len(made) == 1
        assert [type(result) for result in results if not isinstance(result, tuple)] == [Closed]
        assert [*partner.api_keys.filter(label=f"System {number}")] == made
        assert KeyHandover.objects.get(label=f"System {number}").api_key == made[0]
    assert ChangeEvent.objects.filter(action=Action.HANDOVER_COLLECTED).count() == ROUNDS


def test_two_collections_of_a_successor_rotate_once(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        token, _ = sent(KeyHandover.prepare_successor(CHANGE, None, key, overlap=OVERLAP))
        assert len(keys_in(race(*(partial(each.collect, FROM) for each in two(token))))) == 1
        assert ApiKey.objects.filter(replaces=key).count() == 1


def test_a_collection_meets_a_withdrawal_before_or_after(race, partner):
    for _ in range(FEW):
        first, second = two(sent(prepared(partner))[0])
        race(partial(first.collect, FROM), partial(second.withdraw, CHANGE))
        second.refresh_from_db()
        assert (second.state, second.api_key is not None) in (
            (HandoverState.COLLECTED, True), (HandoverState.WITHDRAWN, False),
        )  # fmt: skip


def test_a_collection_meets_a_new_link_before_or_after(race, partner):
    for _ in range(FEW):
        first, second = two(sent(prepared(partner))[0])
        made = keys_in(race(partial(first.collect, FROM), partial(second.new_link, CHANGE, None)))
        second.refresh_from_db()
        assert (second.state, len(made)) in ((HandoverState.COLLECTED, 1), (HandoverState.UNSENT, 0))


def test_a_rotation_by_staff_meets_a_collection_and_there_is_one_successor(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        handover, _ = two(sent(KeyHandover.prepare_successor(CHANGE, None, key, overlap=OVERLAP))[0])
        results = race(partial(handover.collect, FROM), partial(key.rotate, CHANGE))
        assert len(keys_in(results)) == 1
        assert ApiKey.objects.filter(replaces=key).count() == 1
        assert any(isinstance(result, ValidationError) for result in results)


def test_no_two_links_wait_for_one_successor(race, partner):
    for _ in range(FEW):
        key, _ = issue(partner)
        race(*[partial(KeyHandover.prepare_successor, CHANGE, None, key, overlap=OVERLAP)] * 2)
        assert KeyHandover.objects.waiting().filter(replaces=key).count() == 1


def test_wrong_codes_at_once_are_all_counted(race, partner):
    for _ in range(FEW):
        token, code = sent(prepared(partner), with_code=True)
        for _ in range(links.ATTEMPTS // 2 + 1):
            race(*(partial(each.accept_code, "wrong", FROM) for each in two(token)))
        found = KeyHandover.objects.of_link(token)
        assert (found.state, found.code_failures) == (HandoverState.LOCKED, links.ATTEMPTS)
        with pytest.raises(Closed):
            found.accept_code(code, FROM)
