"""A change of many keys while another change of one of them is under way."""

from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction
from django.test import Client

from partners.models import ApiKey
from tests.factories import CHANGE, OrganizationFactory, issue
from tests.partners.support.staff import signed_in
from tests.racing import await_waiting

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.usefixtures("committed"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
BULK = "/admin/partners/apikey/bulk/"


def revoke_slowly(key: ApiKey, begun: Event) -> None:
    """Revoke the key, and commit only when the change of many waits for its row."""
    with transaction.atomic():
        key.revoke(CHANGE)
        begun.set()
        await_waiting()


def confirm(client: Client, keys: list[ApiKey], verb: str, begun: Event) -> str:
    """Confirm a change of three keys when the other change has begun, and return the page that follows."""
    data = {"_selected_action": [key.pk for key in keys], "verb": verb, "reason": "A leak is likely", "number": "3"}
    assert begun.wait(30)
    return client.post(BULK, data | {"step": "confirm"}, follow=True).text


@pytest.mark.parametrize(("verb", "told"), [("disable", "2 keys disabled, 1 skipped."), ("revoke", "The number is 2.")])
def test_a_key_that_is_revoked_meanwhile_is_left_out_and_the_others_are_changed(race, verb, told):
    partner, client = OrganizationFactory(), signed_in("Security")
    keys = [issue(partner)[0] for _ in range(3)]
    begun = Event()
    _, text = race(partial(revoke_slowly, keys[-1], begun), partial(confirm, client, keys, verb, begun))
    assert told in text
    states = [ApiKey.objects.get(pk=key.pk).state.value for key in keys]
    assert states == [*["disabled" if verb == "disable" else "active"] * 2, "revoked"]
