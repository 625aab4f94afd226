"""The record and its change are one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.models import AllowedNetwork, ApiKey, ChangeEvent
from partners.models.change import Change
from partners.models.keys.key import ApiKeyQuerySet
from tests.factories import CHANGE
from tests.partners.support.rows import stored

pytestmark = pytest.mark.django_db
NO_AUTHOR = Change(by="", source="tests", reason="a test")


CHANGES = {
    "issue": lambda key: ApiKey.issue(NO_AUTHOR, organization=key.organization, label="x", scopes=[]),
    "rotate": lambda key: key.rotate(NO_AUTHOR),
    "disable": lambda key: key.disable(NO_AUTHOR),
    "enable": lambda key: key.enable(NO_AUTHOR),
    "revoke": lambda key: key.revoke(NO_AUTHOR),
    "set_scopes": lambda key: key.set_scopes([], NO_AUTHOR),
    "set_networks": lambda key: key.set_networks("watch", AllowedNetwork.listed([("203.0.113.9", "One")]), NO_AUTHOR),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_cannot_be_recorded_is_not_made(key, name):
    if name == "enable":
        key.disable(CHANGE)
    before = stored(key), ApiKey.objects.count(), ChangeEvent.objects.count()
    with pytest.raises(ValidationError) as refusal:
        CHANGES[name](key)
    assert set(refusal.value.message_dict) == {"by"}
    assert (stored(key), ApiKey.objects.count(), ChangeEvent.objects.count()) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda keys: keys.disable(NO_AUTHOR),
        lambda keys: keys.revoke(NO_AUTHOR),
        lambda keys: keys.set_expiry(NO_AUTHOR, timezone.now() + timedelta(days=9)),
    ],
)
def test_a_change_of_many_that_cannot_be_recorded_is_not_made(key, change):
    before = stored(key), ChangeEvent.objects.count()
    with pytest.raises(ValidationError):
        change(ApiKey.objects.filter(pk=key.pk))
    assert (stored(key), ChangeEvent.objects.count()) == before


@pytest.mark.parametrize("change", [ApiKeyQuerySet.disable, ApiKeyQuerySet.revoke])
def test_a_change_of_many_takes_a_reason(key, change):
    with pytest.raises(ValidationError, match="Give the reason"):
        change(ApiKey.objects.all(), replace(CHANGE, reason=" "))


@pytest.mark.parametrize("name", CHANGES)
def test_a_record_that_the_database_refuses_takes_its_change_with_it(key, name, monkeypatch):
    if name == "enable":
        key.disable(CHANGE)
    before = stored(key), ApiKey.objects.count(), ChangeEvent.objects.count()
    monkeypatch.setattr(ChangeEvent, "clean_fields", lambda event, **options: None)
    monkeypatch.setattr(ChangeEvent, "save", lambda event, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        CHANGES[name](key)
    assert (stored(key), ApiKey.objects.count(), ChangeEvent.objects.count()) == before
