"""Single answers that are in no key's record: which are kept, what of them, for how long, and that a flood
stays small."""

from datetime import timedelta

import pytest
from django import db
from django.utils import timezone

from partners.catalogue.reasons import Reason
from partners.models import UnkeyedAnswer, UnkeyedCount
from partners.models.record import KEPT
from partners.record.unknown_callers import unkeyed, unkeyed_answers
from partners.record.unknown_callers.unkeyed import Tally
from partners.record.unknown_callers.unkeyed_answers import MINUTES, PER_SOURCE, SOURCES, told_path
from tests.api import LIST, Api
from tests.factories import issue
from tests.partners.support.counting import HERE, NOW, count, unknown
from tests.partners.support.diagnosing import with_wrong_secret

pytestmark = pytest.mark.django_db


def kept(**facts) -> list[UnkeyedAnswer]:
    return list(UnkeyedAnswer.objects.filter(**facts).order_by("pk"))


def aged(ago: timedelta, **facts) -> UnkeyedAnswer:
    facts = {"source": HERE, "method": "GET", "path": LIST, "reason_code": "missing_bearer"} | facts
    return UnkeyedAnswer.objects.create(occurred_at=timezone.now() - ago, **facts)


# What is kept ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "path", "code"),
    [
        (lambda token: None, LIST, "missing_bearer"),
        (lambda token: token[:-1], LIST, "malformed_token"),
        (with_wrong_secret, LIST, "invalid_key"),
        (lambda token: None, f"{LIST}/", "route_not_found"),
        (lambda token: None, "/external/v1/encounter", "route_not_found"),
    ],
    ids=range(5),
)
def test_the_request_id_of_an_answer_without_a_key_is_kept(token, path, code, organization):
    key, text = issue(organization)
    sent = token(text)
    answer = Api(sent).get(path, REMOTE_ADDR=HERE)
    unkeyed.TALLY.write()
    (row,) = kept(request_id=answer["X-Request-ID"])
    assert (row.reason_code, row.reason.code, row.method, row.path, row.source) == (code, code, "GET", path, HERE)
    assert row.public_part == (key.public_part if sent else "")
    assert str(row) == answer["X-Request-ID"]


def test_what_is_no_public_part_is_not_kept(organization):
    token = unknown()
    Api("ch_sk_" + token[18:40]).get()
    Api(token[:30]).get()
    Api(token).get()
    unkeyed.TALLY.write()
    assert [row.public_part for row in kept()] == ["", "", token[6:18]]


def test_no_statement_is_made_on_the_path_of_the_call(django_assert_num_queries):
    with django_assert_num_queries(0):
        Api().get()


def test_an_unusual_method_is_not_kept_as_it_came():
    Api().get(method="PURGE")
    unkeyed.TALLY.write()
    assert kept()[0].method == "other"


PATHS = [
    ("/external/v1/encounters", "/external/v1/encounters"),
    ("/external/v1/encounters/", "/external/v1/encounters/"),
    ("/external//v1/Encounter", "/external//v1/Encounter"),
    (
        "/external/v2/encounters/enc_0123456789abcdefghijkl/docments",
        "/external/v2/encounters/enc_0123456789abcdefghijkl/docments",
    ),
    ("/external/v1/encounters/Doe", "/external/v1/encounters/{not-kept}"),
    ("/external/v1/patients/12345/Jane%20Doe", "/external/v1/{not-kept}/{not-kept}/{not-kept}"),
    ("/external/ch_sk_0123456789ab", "/external/{not-kept}"),
    ("/external/\x00", "/external/{not-kept}"),
    ("/external/é", "/external/{not-kept}"),
    ("/external" + "/v1" * 20, "/external" + "/v1" * 6 + "/…"),
    ("/external/" + "a" * 5_000, "/external/{not-kept}/…"),
    ("/external/" + "encounters" * 3, "/external/{not-kept}"),
]


@pytest.mark.parametrize(("path", "told"), PATHS, ids=range(len(PATHS)))
def test_of_a_path_only_what_is_ours_is_kept(path, told):
    assert told_path(path) == told
    assert len(told) <= UnkeyedAnswer._meta.get_field("path").max_length


# Floods ---------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock")
def test_of_a_minute_the_newest_of_each_source_are_kept():
    tally = Tally()
    for number in range(1_000):
        count(tally, path=f"/external/v{number % 100}")
    count(tally, source="203.0.113.5")
    tally.write()
    assert [row.path for row in kept(source=HERE)] == [f"/external/v{number}" for number in range(95, 100)]
    assert (len(kept(source="203.0.113.5")), PER_SOURCE) == (1, 5)


@pytest.mark.usefixtures("clock")
def test_a_minute_from_everywhere_stays_small():
    tally = Tally()
    for number in range(1_000):
        count(tally, Reason.INVALID_KEY, token=unknown(), source=f"2001:db8:0:{number:x}::1")
    tally.write()
    assert len(kept()) == SOURCES


@pytest.mark.usefixtures("clock")
def test_the_addresses_of_one_network_are_one_source():
    tally = Tally()
    for number in range(100):
        count(tally, source=f"2001:db8::{number:x}")
    tally.write()
    assert len(kept()) == PER_SOURCE


def test_an_outage_of_hours_is_held_in_bounded_memory(clock):
    tally = Tally()
    for minute in range(3 * MINUTES):
        clock(NOW + timedelta(minutes=minute))
        count(tally, times=10)
    tally.write()
    assert len(kept()) == MINUTES * PER_SOURCE
    assert kept()[0].occurred_at == NOW + timedelta(minutes=2 * MINUTES)


@pytest.mark.parametrize("rows", [3, 5])
def test_no_more_rows_are_kept_than_a_bound(monkeypatch, rows):
    monkeypatch.setattr(unkeyed_answers, "MOST", 4)
    made = [aged(timedelta(0)) for _ in range(rows)]
    unkeyed_answers.prune()
    assert kept() == made[-4:]


# Faults ---------------------------------------------------------------------------------------------------------------


def out_of_reach(*args):
    raise db.OperationalError("words of the database")


@pytest.mark.usefixtures("clock")
def test_without_a_database_answers_wait_and_are_written_once(monkeypatch):
    tally = Tally()
    count(tally, times=2)
    with monkeypatch.context() as context:
        context.setattr(unkeyed_answers, "store", out_of_reach)
        tally.write()
    assert (kept(), UnkeyedCount.objects.count()) == ([], 0)
    tally.write()
    tally.write()
    assert (len(kept()), UnkeyedCount.objects.get().count) == (2, 2)


@pytest.mark.usefixtures("clock")
def test_where_pruning_fails_nothing_is_written_twice(monkeypatch):
    tally = Tally()
    count(tally, times=2)
    monkeypatch.setattr(unkeyed_answers, "prune_some", out_of_reach)
    tally.write()
    tally.write()
    assert (len(kept()), UnkeyedCount.objects.get().count) == (2, 2)


def test_an_answer_that_could_not_be_recorded_for_its_key_is_kept_and_not_counted(api, monkeypatch):
    monkeypatch.setattr("partners.record.ledger._write", out_of_reach)
    answer = api.get()
    unkeyed.TALLY.write()
    assert (answer.status_code, kept()[0].request_id) == (503, answer["X-Request-ID"])
    assert kept()[0].reason_code == "service_unavailable"
    assert not UnkeyedCount.objects.exists()


def test_a_fault_in_keeping_changes_no_answer(api, monkeypatch):
    monkeypatch.setattr("partners.record.ledger._write", out_of_reach)
    monkeypatch.setattr(unkeyed.TALLY, "keep", out_of_reach)
    assert api.refusal() == (503, "service_unavailable", None)


# How long -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ago", "number"), [(KEPT - timedelta(seconds=5), 1), (KEPT + timedelta(seconds=1), 0)])
def test_after_some_days_an_answer_is_deleted_by_the_writer(ago, number):
    old = aged(ago)
    tally = Tally()
    count(tally)
    tally.write()
    assert len(kept(pk=old.pk)) == number


def test_a_minute_is_written_in_few_statements(django_assert_max_num_queries):
    tally = Tally()
    for number in range(50):
        count(tally, Reason.MALFORMED_TOKEN, token=unknown()[:-1], source=f"203.0.{number}.1")
    with django_assert_max_num_queries(10):
        tally.write()
    assert len(kept()) == SOURCES
