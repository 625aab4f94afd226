"""Every page answers everything: no URL of the resolver fails at a hostile query, id, method, body or cookie.

Failing is a 500, or a line in the log that calls somebody: an ERROR that anybody outside could cause. A new URL is
visited by itself; it fails here until its words are known to `addresses.WORDS`.
"""

import logging
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from chartero.web.page_requests import Utf8Request
from partners.models import AccessReview
from partners.signin.guards import totp
from partners.signin.models import Phone
from tests.encounters.support.restricted import restrict
from tests.factories import CHANGE, DocumentFactory, RequestRecordFactory
from tests.hostile.addresses import IDS, Address, addresses
from tests.hostile.inputs import BAD, BODIES, COOKIES, HEADERS, METHODS, QUERIES, SINGLES
from tests.partners.support.approving import key_asked_for
from tests.partners.support.asking import asked
from tests.partners.support.handing_over import prepared
from tests.partners.support.sealed import verified
from tests.partners.support.webhooks import added, delivery_to

pytestmark = pytest.mark.django_db
ALL = addresses()
UNREACHABLE = "https://10.0.0.1/webhooks"  # refused before any name is looked up
FOLLOWED = 4_000  # characters of an address that a server still reads
Call = tuple[str, str, dict[str, object]]


@pytest.mark.parametrize("address", ALL, ids=lambda address: address.route)
def test_nothing_that_is_sent_makes_a_page_fail(visitors, keys, caplog, address):
    failed = [
        f"{name}: {verb} {path[:80]} {str(extra)[:200]}"
        for name, client in visitors.items()
        if name != "half signed in" or address.route.startswith("signin/")
        for verb, path, extra in calls(address, keys)
        if fails(client, verb, path, extra)
    ]
    assert not failed
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("address", ALL[:-1], ids=lambda address: address.route)
def test_each_url_is_visited_itself(keys, address):
    """A path that another URL answers, or none, would be no visit."""
    assert resolve(address.filled(keys)).route == address.route


def test_the_list_is_not_empty():
    assert len(ALL) > 80
    assert {"admin/partners/apikey/<int:pk>/revoke/", "docs/", "signin/code/"} <= {each.route for each in ALL}


def calls(address: Address, keys: dict[str, str]) -> Iterator[Call]:
    """Yield the calls of one URL: verb, path and what else the test client takes."""
    path = address.filled(keys)
    queries = QUERIES if address.words else [*QUERIES, *SINGLES]
    yield from (("GET", path, {"QUERY_STRING": query}) for query in queries)
    yield from (("GET", address.filled(keys, word, bad), {}) for word in address.words for bad in BAD.values())
    yield from (
        ("POST", address.filled(keys, word, bad), {}) for word in IDS if word in address.words for bad in BAD.values()
    )
    yield from ((verb, path, {}) for verb in METHODS)
    yield from (("POST", path, {"data": body, "content_type": content_type}) for content_type, body in BODIES)
    yield from (("GET", path, headers) for headers in HEADERS)
    yield from (
        ("GET", path, {"HTTP_COOKIE": f"sessionid={cookie}; csrftoken={cookie}; messages={cookie}"})
        for cookie in COOKIES
    )


def fails(client: Client, verb: str, path: str, extra: dict[str, object]) -> bool:
    given = dict(extra)
    answer = client.generic(verb, path, given.pop("data", b""), given.pop("content_type", ""), **given)
    return answer.status_code >= 500 or len(answer.headers.get("Location", "")) > FOLLOWED


@pytest.fixture
def visitors(db, monkeypatch, settings) -> dict[str, Client]:
    """A superuser, one with a second factor that this session has not proved, and somebody who is not signed in."""
    monkeypatch.setattr("django.test.client.WSGIRequest", Utf8Request)
    settings.ACCESS_REQUESTS = True
    clients = {name: Client(raise_request_exception=False) for name in ("signed out", "superuser", "half signed in")}
    for name, client in clients.items():
        if name != "signed out":
            client.force_login(User.objects.create_superuser(name, password="invented"))
    half = User.objects.get(username="half signed in")
    Phone.objects.create(user=half, seed=totp.new_seed(), last_step=0)
    return clients


@pytest.fixture
def keys(db) -> dict[str, str]:
    """The primary key of a row of every table, by `app/model`."""
    restrict(DocumentFactory())
    organization = RequestRecordFactory().api_key.organization
    prepared(organization)
    key_asked_for(User.objects.create_user("somebody"), organization)
    asked()
    delivery_to(added(organization, UNREACHABLE))
    AccessReview.sign(CHANGE, {"people": [], "organizations": []})
    verified()
    models = (model._default_manager for model in apps.get_models() if model._default_manager.exists())
    return {
        f"{each.model._meta.app_label}/{each.model._meta.model_name}": str(each.order_by("pk").last().pk)
        for each in models
    }
