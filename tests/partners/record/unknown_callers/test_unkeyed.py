"""Answers that belong to no key: counted by the minute, in memory first, and few rows however many there are."""

import logging
from datetime import timedelta

import pytest
from django import db

from partners.catalogue.reasons import Reason
from partners.keys import tokens
from partners.models import UnkeyedCount
from partners.record import refused
from partners.record.unknown_callers import unkeyed
from partners.record.unknown_callers.unkeyed import COMMONEST, Tally
from tests.factories import issue
from tests.partners.support.counting import HERE, MINUTE, NOW, count, rows, unknown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def test_alike_answers_are_one_row():
    tally, token = Tally(), unknown()
    count(tally, Reason.INVALID_KEY, token=token, times=3)
    count(tally, times=2)
    assert rows() == []
    tally.write()
    assert rows() == [
        (MINUTE, HERE, "invalid_key", token[6:18], 3),
        (MINUTE, HERE, "missing_bearer", "", 2),
    ]


def test_what_was_written_is_not_written_again_and_what_comes_after_is_added(clock):
    tally = Tally()
    count(tally, times=2)
    tally.write()
    tally.write()
    count(tally, times=3)
    clock(NOW + timedelta(minutes=1))
    count(tally)
    tally.write()
    assert sorted((row[0], row[-1]) for row in rows()) == [
        *[(MINUTE, 2), (MINUTE, 3)],
        (MINUTE + timedelta(minutes=1), 1),
    ]


def test_two_processes_have_rows_of_their_own_and_are_added_up():
    for times, tally in ((2, Tally()), (3, Tally())):
        count(tally, times=times)
        tally.write()
    assert sorted(row[-1] for row in rows()) == [2, 3]
    (found,) = refused.unkeyed()
    assert (found.shown, [(source.address, source.shown) for source in found.sources]) == ("5", [(HERE, "5")])


def test_nothing_counted_is_nothing_written(django_assert_num_queries):
    with django_assert_num_queries(0):
        Tally().write()


# What is told of a token ----------------------------------------------------------------------------------------------


def altered(token):
    return token[:-1] + ("0" if token[-1] != "0" else "1")


@pytest.mark.parametrize("make", [tokens.mint(is_test=is_test).text for is_test in (True, False)], ids=["test", "live"])
def test_of_a_whole_token_the_public_part_is_told_whether_or_not_a_key_has_it(make):
    tally = Tally()
    count(tally, token=make)
    tally.write()
    assert rows()[0][3] == tokens.parse(make).public_part


@pytest.mark.parametrize(
    "damage", [altered, lambda token: token[:-1], lambda token: token + "x", lambda token: token[:40]]
)
def test_of_a_damaged_token_it_is_told_where_there_is_such_a_key(organization, damage):
    key, token = issue(organization)
    tally = Tally()
    count(tally, Reason.MALFORMED_TOKEN, token=damage(token))
    count(tally, Reason.MALFORMED_TOKEN, token=damage(unknown()))
    tally.write()
    assert {row[3] for row in rows()} == {key.public_part, ""}


@pytest.mark.parametrize(
    "text", ["x", "ch_sk_", "ch_sk_" + "a" * 11, "sk_" + "a" * 60, "é" * 70, "ch_sk_" + "é" * 70, "\x00"]
)
def test_of_anything_else_nothing_is_told(text):
    tally = Tally()
    count(tally, Reason.MALFORMED_TOKEN, token=text)
    tally.write()
    assert rows() == [(MINUTE, HERE, "malformed_token", "", 1)]


def test_a_secret_that_stands_in_the_place_of_a_public_part_is_not_kept():
    tally, token = Tally(), unknown()
    count(tally, Reason.MALFORMED_TOKEN, token="ch_sk_" + token[18:])
    tally.write()
    assert rows()[0][3] == ""
    assert token[18:30] not in str(rows())


def test_counts_that_are_alike_once_a_public_part_is_blanked_are_one_row():
    tally = Tally()
    for _ in range(3):
        count(tally, Reason.MALFORMED_TOKEN, token=unknown()[:-1])
    count(tally, Reason.MALFORMED_TOKEN, token="x")
    tally.write()
    assert [row[3:] for row in rows()] == [("", 4)]


# Floods ---------------------------------------------------------------------------------------------------------------


def test_of_a_flood_the_commonest_are_told_apart_and_nothing_is_lost():
    tally, loud = Tally(), unknown()
    count(tally, Reason.INVALID_KEY, token=loud, times=40)
    count(tally, Reason.INVALID_KEY, token=unknown(), source="203.0.113.5", times=30)
    for number in range(300):
        count(tally, Reason.INVALID_KEY, token=unknown(), source=f"203.0.113.{number % 20}")
        count(tally, Reason.MALFORMED_TOKEN, token=f"x{number}")
    tally.write()
    kept = rows()
    assert len(kept) <= 2 * COMMONEST + 2
    assert sum(row[-1] for row in kept) == 670
    assert (MINUTE, HERE, "invalid_key", loud[6:18], 40) in kept
    assert (MINUTE, HERE, "malformed_token", "", 300) in kept
    assert sum(row[-1] for row in kept if row[1] == row[3] == "") > 0


def test_a_minute_of_every_code_from_everywhere_stays_small():
    tally = Tally()
    for number in range(400):
        for reason in (Reason.INVALID_KEY, Reason.MISSING_BEARER, Reason.ROUTE_NOT_FOUND):
            count(tally, reason, token=unknown(), source=f"2001:db8::{number:x}")
    tally.write()
    assert len(rows()) <= 2 * COMMONEST + 3
    assert sum(row[-1] for row in rows()) == 1200


def test_the_memory_is_bounded_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(unkeyed, "HELD", 50)
    tally = Tally()
    for _ in range(200):
        count(tally, Reason.INVALID_KEY, token=unknown())
    assert len(tally._counts) <= 51
    assert sum(tally._counts.values()) == 200
    tally.write()
    assert sum(row[-1] for row in rows()) == 200


# Faults ---------------------------------------------------------------------------------------------------------------


def out_of_reach(*args, **values):
    raise db.OperationalError("words of the database")


def test_without_a_database_the_counts_wait(monkeypatch, caplog):
    tally = Tally()
    count(tally, times=3)
    with monkeypatch.context() as context, caplog.at_level(logging.WARNING):
        context.setattr(unkeyed, "_store", out_of_reach)
        tally.write()
    count(tally)
    tally.write()
    assert [row[-1] for row in rows()] == [4]
    assert "words of the database" not in caplog.text
    assert "wait for the database" in caplog.text


def test_what_waits_is_bounded_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(unkeyed, "HELD", 10)
    tally = Tally()
    for _ in range(3):
        for number in range(8):
            count(tally, Reason.INVALID_KEY, token=unknown(), source=f"198.51.100.{number}")
        with monkeypatch.context() as context:
            context.setattr(unkeyed, "_store", lambda counts: count_and_fail(tally))
            tally.write()
    assert len(tally._counts) <= 12
    assert sum(tally._counts.values()) == 24 + 3 * 8


def count_and_fail(tally):
    """Be out of reach while more answers come."""
    for _ in range(8):
        count(tally, Reason.INVALID_KEY, token=unknown())
    out_of_reach()


def test_a_row_says_what_it_counts():
    assert str(UnkeyedCount(count=3, reason_code="invalid_key")) == "3 × invalid_key"


@pytest.mark.usefixtures("clock")
def test_kinds_are_told_apart_up_to_the_number_that_is_held(monkeypatch):
    monkeypatch.setattr(unkeyed, "HELD", 2)
    tally = Tally()
    for number in range(4):
        count(tally, Reason.MISSING_BEARER, source=f"198.51.100.{number}")
    assert sorted(kind.source for kind in tally._counts) == ["", "198.51.100.0", "198.51.100.1"]
