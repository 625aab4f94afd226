"""Calls with a key's public part and a wrong secret: counted for a day, for the key and for Home."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from partners.keys import tokens
from partners.models import UnkeyedCount
from partners.record.unknown_callers import wrong_secrets
from partners.record.unknown_callers.unkeyed import TALLY
from tests.api import Api
from tests.factories import OrganizationFactory, issue

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


def presented(key, count, *, source="203.0.113.7", code="invalid_key", ago=timedelta()):
    minute = (timezone.now() - ago).replace(second=0, microsecond=0)
    values = {"minute": minute, "source": source, "reason_code": code, "public_part": key.public_part}
    return UnkeyedCount.objects.create(count=count, **values)


def test_a_key_has_the_calls_of_a_day_from_all_addresses(key):
    other = issue(OrganizationFactory())[0]
    presented(key, 3, ago=timedelta(hours=1))
    last = presented(key, 4)
    presented(key, 5, source="203.0.113.8", ago=timedelta(hours=23))
    presented(key, 100, ago=DAY)
    presented(key, 100, code="digest_key_unavailable")
    presented(other, 100)
    found = wrong_secrets.of_key(key)
    assert (found.key, found.number, found.sources, found.last_at) == (key, 12, 2, last.minute)


def test_a_key_without_such_calls_has_none(key):
    presented(issue(OrganizationFactory())[0], 100)
    assert wrong_secrets.of_key(key) is None


def test_the_keys_with_many_come_first_those_with_the_most(key):
    keys = [issue(OrganizationFactory())[0] for _ in range(2)]
    presented(key, wrong_secrets.MANY - 1)
    presented(keys[0], wrong_secrets.MANY)
    presented(keys[1], 1_999)
    UnkeyedCount.objects.create(
        minute=timezone.now(), source="203.0.113.7", reason_code="invalid_key", public_part="0" * 12, count=5_000
    )
    found = wrong_secrets.keys_with_many()
    assert [(each.key, each.shown) for each in found.rows] == [(keys[1], "1,999"), (keys[0], "20")]
    assert found.total == 2


def test_a_call_with_a_wrong_secret_is_on_the_keys_page(key, support):
    page = f"/admin/partners/apikey/{key.pk}/change/"
    assert "wrong secret" not in support.get(page).text
    body = f"{key.quotable}{'0' * tokens.SECRET_LENGTH}"
    assert Api(body + tokens.checksum(body)).get().json()["reason_code"] == "invalid_key"
    TALLY.write()
    assert "1 call in the last 24 hours carried this key's public part with a wrong secret, from 1 address." in (
        " ".join(strip_tags(support.get(page).text).split())
    )


def test_people_who_may_not_see_calls_do_not_see_it(key):
    presented(key, 30)
    person = User.objects.create_user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(person)
    for page in ("/admin/", f"/admin/partners/apikey/{key.pk}/change/"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "wrong secret" not in answer.text


def test_home_shows_the_keys_with_many(key, support):
    presented(key, wrong_secrets.MANY - 1)
    assert "wrong secret" not in support.get("/admin/").text
    presented(key, 1, ago=timedelta(minutes=5))
    page = " ".join(support.get("/admin/").text.split())
    assert "1 key presented with a wrong secret in the last 24 hours" in page
    assert key.label in page
