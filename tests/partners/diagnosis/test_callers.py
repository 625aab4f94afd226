"""Whose call it is: what staff paste, and what is judged as if the key's holder called."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.catalogue.routes import Route
from partners.diagnosis import callers
from partners.diagnosis.callers import NOTHING_SENT, Holder, RecordedHolder, Sent
from partners.keys import tokens
from partners.models import ApiKeySwitch
from tests.factories import RequestRecordFactory, issue
from tests.partners.support.diagnosing import with_wrong_secret

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "write", ["{key.public_id}", " {key.public_part} ", "ch_sk_{key.public_part}…", "ch_sk_{key.public_part}..."]
)
def test_a_key_is_found_by_what_may_be_quoted(organization, write):
    key, _ = issue(organization)
    assert callers.read(write.format(key=key)) == Holder(key)


@pytest.mark.parametrize("write", ["{}", " {}\n", "X-Request-ID: {}", "x-request-id:{}"])
def test_a_call_on_record_is_found_by_its_request_id(organization, write):
    key, _ = issue(organization)
    record = RequestRecordFactory(api_key=key)
    read = callers.read(write.format(record.request_id))
    assert read == RecordedHolder(key, record)
    assert read.facts(Route.ENCOUNTERS_LIST).key_id == key.public_id


@pytest.mark.parametrize(
    "write",
    [
        "{}",
        " {}\n",
        "Bearer {}",
        "bearer {}",
        "Authorization: Bearer {}",
        "-H 'Authorization: Bearer {}'",
        '"authorization:Bearer {}"',
    ],
)
def test_a_token_is_read_with_or_without_its_header(organization, write):
    key, token = issue(organization)
    read = callers.read(write.format(token))
    assert (read.token, read.key) == (token, key)
    assert token[18:] not in repr(read)


@pytest.mark.parametrize("text", ["ch_sk_", "CH_SK_x", "ch_sk_a b", "x" * 30, "Bearer x", "ch_sk_0123456789abc"])
def test_what_looks_like_a_token_is_judged_as_one(text):
    assert isinstance(callers.read(text), Sent)


@pytest.mark.parametrize("text", ["Authorization: Basic x", "Authorization: Token ch_sk_x", "Bearer"])
def test_a_header_without_a_bearer_token_has_none(text):
    assert (callers.read(text).token, callers.read(text).key) == (None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("req_0123456789abcdefghijkl", "request_not_found"),
        ("REQ_0123456789abcdefghijkl", "unreadable"),
        ("X-Request-ID: x", "not_a_request_id"),
        ("key_x", "key_not_found"),
        ("0123456789ab", "key_not_found"),
        ("EHR sync", "unreadable"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_quoted(text, code):
    with pytest.raises(ValidationError) as refusal:
        callers.read(text)
    assert refusal.value.code == code
    assert text not in refusal.value.message


def facts_of(read):
    return read.facts(Route.ENCOUNTERS_LIST)


@pytest.mark.parametrize("damage", [with_wrong_secret, lambda token: token[:40], lambda token: f"{token} x"])
def test_beyond_a_token_that_is_not_the_keys_its_holder_is_judged(organization, damage):
    key, token = issue(organization)
    call = facts_of(Sent(f"Bearer {damage(token)}"))
    assert (call.key_id, call.organization_id) == (key.public_id, organization.public_id)
    assert not call.secret_matches


def test_under_an_unloaded_digest_key_its_holder_is_judged_but_not_its_secret(organization, settings):
    key, token = issue(organization)
    settings.DIGEST_KEYS = settings.DIGEST_KEYS.split(",")[0]
    call = facts_of(Sent(f"Bearer {token}"))
    assert (call.digest_key_loaded, call.secret_matches, call.key_id) == (False, None, key.public_id)


def test_of_an_unknown_token_nothing_is_assumed():
    call = facts_of(Sent(f"Bearer {tokens.mint(is_test=False).text}"))
    assert (call.secret_matches, call.key_id, call.organization_id) == (False, None, None)


@pytest.mark.parametrize("on", [True, False])
def test_without_a_token_the_switch_is_known_all_the_same(db, on):
    ApiKeySwitch.objects.update(enabled=on)
    assert (facts_of(NOTHING_SENT).bearer, facts_of(NOTHING_SENT).switched_on) == (False, on)


def test_a_verified_token_costs_one_statement(organization):
    read = Sent(f"Bearer {issue(organization)[1]}")
    with CaptureQueriesContext(connection) as captured:
        assert facts_of(read).secret_matches
    assert len(captured) == 1
