"""The chart of a key, of an organization and of all, and the small charts of a list."""

from datetime import timedelta

import pytest

from partners.models import RequestRecord
from partners.usage import chart, counting
from partners.usage.hours import Kind
from tests.factories import OrganizationFactory, issue
from tests.partners.support.calls import called
from tests.partners.support.counting import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def noon(clock):
    """It is noon, so that a day ago is another day and an hour ago is not."""
    clock(NOW.replace(hour=12))


@pytest.fixture
def called_for_weeks(noon, key):
    called(key, times=4), called(key, "invalid_limit", times=2)
    called(key, times=3, ago=2 * DAY), called(key, "missing_scope", times=5, ago=2 * DAY)
    called(key, times=7, ago=20 * DAY), called(key, times=9, ago=31 * DAY)
    counting.count()
    called(key, "missing_scope")
    return key


@pytest.mark.parametrize(
    ("span", "answers"),
    [
        ("24h", [("", 4), ("invalid_limit", 2), ("missing_scope", 1)]),
        ("7d", [("", 7), ("missing_scope", 6), ("invalid_limit", 2)]),
        ("30d", [("", 14), ("missing_scope", 6), ("invalid_limit", 2)]),
    ],
)
def test_a_span_has_its_answers_and_every_span_its_totals(called_for_weeks, span, answers):
    for usage in (
        chart.of_key(called_for_weeks, span),
        chart.of_organization(called_for_weeks.organization, span),
        chart.of_all(span),
    ):
        assert [(answer.reason_code, answer.calls) for answer in usage.answers] == answers
        assert [(total.served, total.refused) for total in usage.totals] == [(4, 3), (7, 8), (14, 8)]
        assert (usage.total.served, usage.total.span.name) == (answers[0][1], span)
        assert sum(bar.served for bar in usage.bars) == usage.total.served
        assert sum(bar.refused for bar in usage.bars) == usage.total.refused


def test_the_filter_of_a_chart_finds_as_many_calls_as_it_counts(called_for_weeks):
    usage = chart.of_key(called_for_weeks)
    found = RequestRecord.objects.filter(occurred_at__gte=usage.since, occurred_at__lt=usage.bars[-1].end)
    assert found.count() == usage.total.served + usage.total.refused
    assert usage.query == "time=own&start=2026-05-19T00:00:00&end=2026-05-26T00:00:00"


def test_calls_of_others_are_not_counted(noon, key):
    called(issue(OrganizationFactory())[0], "invalid_limit")
    for usage in (chart.of_key(key), chart.of_organization(key.organization)):
        assert [(answer.reason_code, answer.calls) for answer in usage.answers] == [("", 0)]
        assert (usage.top, usage.half, usage.marks.shown) == (1, 0, [])


def test_the_scale_has_a_middle(called_for_weeks):
    usage = chart.of_key(called_for_weeks, "30d")
    assert (usage.top, usage.half) == (8, 4)


def test_rows_of_a_list_have_the_calls_of_seven_days(called_for_weeks):
    silent = issue(called_for_weeks.organization)[0]
    found = chart.of_each(Kind.KEY, [called_for_weeks.pk, silent.pk])
    small = found.rows[called_for_weeks.pk]
    assert [*found.rows] == [called_for_weeks.pk]
    assert (small.served, small.refused) == (7, 8)
    assert [(bar.served, bar.refused) for bar in small.bars] == [(0, 0)] * 4 + [(3, 5), (0, 0), (4, 3)]
    assert small.bars[4].refused_y == "0%"
