"""Generations of an endpoint's secret: which signs when, and what each is derived from."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.keys import webhook_secrets
from partners.keys.digests import DigestKeyUnavailable
from partners.models import WebhookEndpoint
from partners.models.change import Action, ChangeEvent
from tests.factories import CHANGE, OrganizationFactory
from tests.partners.support.webhooks import added

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(organization) -> WebhookEndpoint:
    return added(organization)


def in_an_hour():
    return timezone.now() + timedelta(hours=1)


def pass_the_hour(endpoint):
    WebhookEndpoint.objects.update(next_starts_at=timezone.now() - timedelta(seconds=1))
    endpoint.refresh_from_db()


def test_each_endpoint_and_generation_has_a_secret_of_its_own(endpoint):
    other = added(OrganizationFactory())
    first = endpoint.secret(1)
    endpoint.new_secret(CHANGE)
    second = WebhookEndpoint.objects.get(pk=endpoint.pk).secret(2)
    assert len({first, second, other.secret(1)}) == 3
    assert first.startswith("whsec_")


def test_each_secret_is_shown_once_and_that_is_recorded(organization):
    endpoint = added(organization, shown=False)
    stale = WebhookEndpoint.objects.get(pk=endpoint.pk)
    assert endpoint.show_secret(CHANGE) == endpoint.secret(1)
    for each in (endpoint, stale):
        with pytest.raises(ValidationError, match="shown already"):
            each.show_secret(CHANGE)
    endpoint.new_secret(CHANGE, beside=True)
    assert endpoint.show_secret(CHANGE) == endpoint.secret(2)
    shown = ChangeEvent.objects.filter(action=Action.WEBHOOK_SECRET_SHOWN)
    assert {event.after["generation"] for event in shown} == {1, 2}


def test_no_secret_is_stored_or_recorded(endpoint):
    endpoint.new_secret(CHANGE)
    secret = endpoint.show_secret(CHANGE)
    rows = str([*WebhookEndpoint.objects.values(), *ChangeEvent.objects.values()])
    assert secret not in rows
    assert endpoint.secret_bytes(2).hex() not in rows


def test_a_new_secret_is_in_force_at_once(endpoint):
    endpoint.new_secret(CHANGE)
    assert endpoint.signing_generations() == [2]
    assert not endpoint.has_next


def test_a_new_secret_signs_second_until_its_time_comes_and_then_alone(endpoint):
    endpoint.new_secret(CHANGE, starts_at=in_an_hour())
    assert endpoint.signing_generations() == [1, 2]
    endpoint.show_secret(CHANGE)
    pass_the_hour(endpoint)
    assert endpoint.signing_generations() == [2]
    endpoint.new_secret(CHANGE, beside=True)
    assert endpoint.signing_generations() == [2, 3]


def test_a_new_secret_runs_beside_the_old_one_until_it_is_finished(endpoint):
    endpoint.new_secret(CHANGE, beside=True)
    assert endpoint.signing_generations() == [1, 2]
    endpoint.show_secret(CHANGE)
    endpoint.finish_new_secret(CHANGE)
    assert endpoint.signing_generations() == [2]
    with pytest.raises(ValidationError, match="No new secret"):
        endpoint.finish_new_secret(CHANGE)


def test_a_waiting_secret_is_replaced_and_never_in_force(endpoint):
    endpoint.new_secret(CHANGE, beside=True)
    endpoint.new_secret(CHANGE, beside=True)
    assert endpoint.signing_generations() == [1, 3]


def test_the_old_secret_is_not_ended_while_nobody_has_the_new_one(endpoint):
    endpoint.new_secret(CHANGE, beside=True)
    with pytest.raises(ValidationError, match="Hand it over first"):
        endpoint.finish_new_secret(CHANGE)
    assert endpoint.signing_generations() == [1, 2]


@pytest.mark.parametrize("chosen", [{}, {"beside": True}, {"starts_at": timezone.now() + timedelta(days=900)}])
def test_a_secret_that_nobody_has_is_replaced_at_once(organization, chosen):
    endpoint = added(organization, shown=False)
    endpoint.new_secret(CHANGE, **chosen)
    assert endpoint.signing_generations() == [2]
    renewed = ChangeEvent.objects.get(action=Action.WEBHOOK_SECRET_RENEWED)
    assert timezone.now() - timedelta(minutes=1) < datetime.fromisoformat(renewed.after["in_force"]) <= timezone.now()


def test_a_secret_that_came_into_force_and_nobody_has_is_replaced_at_once(endpoint):
    endpoint.new_secret(CHANGE, starts_at=in_an_hour())
    pass_the_hour(endpoint)
    endpoint.new_secret(CHANGE, beside=True)
    assert endpoint.signing_generations() == [3]


def test_the_record_says_when_a_new_secret_comes_into_force(endpoint):
    moment = in_an_hour()
    endpoint.new_secret(CHANGE, beside=True)
    endpoint.new_secret(CHANGE, starts_at=moment)
    renewed = ChangeEvent.objects.filter(action=Action.WEBHOOK_SECRET_RENEWED)
    assert {event.after["in_force"] for event in renewed} == {"later", moment.isoformat()}


def test_a_new_secret_does_not_start_in_the_past(endpoint):
    with pytest.raises(ValidationError, match="in the future"):
        endpoint.new_secret(CHANGE, starts_at=timezone.now())


def test_a_new_secret_moves_to_the_active_digest_key(endpoint, settings):
    old = endpoint.secret(1)
    settings.ACTIVE_DIGEST_KEY = 1
    endpoint.new_secret(CHANGE, beside=True)
    new = endpoint.show_secret(CHANGE)
    assert (endpoint.digest_key_number, endpoint.next_digest_key_number) == (2, 1)
    assert endpoint.secret(1) == old
    endpoint.finish_new_secret(CHANGE)
    assert (endpoint.digest_key_number, endpoint.secret(2)) == (1, new)


def test_without_its_digest_key_there_is_no_secret(endpoint, settings):
    settings.DIGEST_KEYS = ""
    with pytest.raises(DigestKeyUnavailable, match="Digest key 2"):
        endpoint.secret(1)


def test_a_secret_is_written_as_the_libraries_take_it():
    assert webhook_secrets.shown(bytes(32)) == f"whsec_{'A' * 43}="
