"""Which keys a pasted text holds, by whole tokens and by public parts, and what that proves."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners.diagnosis.pasted import SHORT, Match, Proof, keys_in, keys_in_pieces
from partners.keys import tokens
from tests.factories import OrganizationFactory, issue
from tests.partners.support.diagnosing import with_wrong_secret

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("write", ["{}", "CHARTERO_KEY='{}'", "curl -H 'Authorization: Bearer {}' https://x.example/"])
def test_a_whole_token_proves_its_key(organization, write):
    key, token = issue(organization)
    assert keys_in(write.format(token)) == keys_in(write.format(token[6:]))
    assert keys_in(write.format(token)).only == Match(key, Proof.WHOLE)


@pytest.mark.parametrize("piece", [slice(0, 18), slice(6, 18), slice(0, 40), slice(6, -1)])
def test_a_piece_with_the_public_part_finds_the_key_and_proves_nothing(organization, piece):
    key, token = issue(organization)
    assert keys_in(f"x {token[piece]}… -").matches == [Match(key, Proof.PUBLIC_PART)]


def test_a_whole_token_with_another_secret_is_told_apart(organization):
    key, token = issue(organization)
    assert keys_in(with_wrong_secret(token)).matches == [Match(key, Proof.MISMATCH)]
    assert keys_in(f"{with_wrong_secret(token)} {token}").matches == [Match(key, Proof.WHOLE)]


@pytest.mark.parametrize("loaded", ["", "1:" + "A" * 43 + "="])
def test_without_its_digest_key_a_key_is_found_and_not_verified(organization, settings, loaded):
    key, token = issue(organization)
    settings.DIGEST_KEYS = loaded
    assert keys_in(token).matches == [Match(key, Proof.UNVERIFIED)]


def test_every_key_is_found_and_every_stranger_counted(organization):
    (one, first), (two, second) = issue(organization), issue(OrganizationFactory())
    stranger = tokens.mint(is_test=False).text
    pasted = keys_in(f"{first}\n{second[:30]}\n{stranger} {stranger}")
    assert {(each.key, each.proof) for each in pasted.matches} == {(one, Proof.WHOLE), (two, Proof.PUBLIC_PART)}
    assert (pasted.strangers, pasted.only) == (1, None)


def test_with_something_else_to_tell_no_key_is_the_only_one(organization):
    token = issue(organization)[1]
    assert keys_in(f"{token} {tokens.mint(is_test=True).text}").only is None
    assert keys_in("nothing").only is None


def test_a_long_text_is_searched_to_its_end(organization):
    key, token = issue(organization)
    assert keys_in("x " * 400_000 + token).matches == [Match(key, Proof.WHOLE)]
    assert keys_in_pieces(iter(["x " * 400_000, token[:30], token[30:]])).matches == [Match(key, Proof.WHOLE)]


def test_the_best_proof_comes_first(organization):
    (one, first), (two, second) = issue(organization), issue(organization)
    assert [each.key for each in keys_in(f"{first[:30]} {second}").matches] == [two, one]


@pytest.mark.parametrize("length", [0, 1, SHORT, SHORT + 1, 50_000])
def test_the_statements_are_bounded_however_long_the_text(organization, length):
    issue(organization)
    text = "".join(tokens.mint(is_test=False).text[6:] for _ in range(1_000))[:length]
    with CaptureQueriesContext(connection) as captured:
        keys_in(text)
    assert len(captured) <= 1
