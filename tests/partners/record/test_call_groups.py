"""Calls on end that were refused alike stand as one."""

import pytest

from partners.record.call_groups import grouped
from tests.factories import RequestRecordFactory

A, B = 1, 2


def records(*answers):
    """Return records of (key, code, route, resource), each with a primary key of its own."""
    made = []
    for pk, (key, code, *route) in enumerate(answers, 1):
        values = dict(zip(("route", "resource"), route, strict=False))
        record = RequestRecordFactory.build(pk=pk, api_key=None, organization=None, reason_code=code, **values)
        record.api_key_id = key
        made.append(record)
    return made


@pytest.mark.parametrize(
    ("answers", "numbers"),
    [
        ([], []),
        ([(A, "invalid_limit")] * 3, ["3"]),
        ([(A, "")] * 3, ["1", "1", "1"]),
        ([(A, "invalid_limit"), (A, "invalid_sort")], ["1", "1"]),
        ([(A, "invalid_limit"), (B, "invalid_limit")], ["1", "1"]),
        ([(A, "route_not_found", "", "/external/v1"), (A, "route_not_found", "", "/external/v2")], ["1", "1"]),
        ([(A, "missing_scope", "documents.audio"), (A, "missing_scope", "documents.detail")], ["1", "1"]),
        ([(A, "invalid_limit"), (A, ""), (A, "invalid_limit"), (A, "invalid_limit")], ["1", "1", "2"]),
        ([(A, "invalid_limit")] * 1200, ["1,200"]),
    ],
)
def test_what_was_refused_alike_on_end_is_one(answers, numbers):
    assert [group.number for group in grouped(records(*answers))] == numbers


def test_a_run_has_its_newest_and_its_oldest_call():
    group = grouped(records(*[(A, "invalid_limit")] * 3))[0]
    assert (group.newest.pk, group.oldest.pk) == (1, 3)


@pytest.mark.parametrize(("last", "number"), [("invalid_limit", "1+"), ("", "1")])
def test_where_reading_ended_within_refusals_there_may_be_more(last, number):
    found = grouped(records((A, "invalid_sort"), (A, last)), more=True)
    assert [group.number for group in found] == ["1", number]
