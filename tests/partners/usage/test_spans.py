"""The periods of a chart, in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from partners.usage import spans
from partners.usage.spans import SPANS

NOW = datetime(2026, 5, 25, 14, 3, 30, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("24h", datetime(2026, 5, 24, 15, tzinfo=UTC), datetime(2026, 5, 25, 15, tzinfo=UTC)),
        ("7d", datetime(2026, 5, 19, tzinfo=UTC), datetime(2026, 5, 26, tzinfo=UTC)),
        ("30d", datetime(2026, 4, 26, tzinfo=UTC), datetime(2026, 5, 26, tzinfo=UTC)),
    ],
)
def test_a_span_ends_with_the_current_hour_or_day(name, start, end):
    span = spans.chosen(name)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-11)))
    assert (span.name, span.start(NOW), span.end(NOW)) == (name, start, end)
    assert (span.start(elsewhere), span.end(elsewhere)) == (start, end)


@pytest.mark.parametrize("name", ["", "1y", "7D"])
def test_any_other_name_means_the_week(name):
    assert spans.chosen(name).name == "7d"


def test_labels_are_at_bars_that_exist_and_leave_room_at_the_end():
    assert all(max(span.labelled) < 0.9 * span.bars for span in SPANS)
