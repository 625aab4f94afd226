"""The report on keys, at the exact age. The command's own tests are in tests/partners/management."""

import pytest

from partners.models import ApiKey
from partners.review import key_report
from partners.review.key_report import Review
from tests.factories import issue
from tests.moments import AROUND, DAY, NONE
from tests.partners.support import aged
from tests.partners.support.counting import NOW


@pytest.mark.usefixtures("clock")
@AROUND
def test_a_review_calls_a_key_idle_from_the_exact_age(organization, tick):
    aged.key(organization, last_used_at=NOW - 90 * DAY + tick)
    idle = tick <= NONE
    assert [line["idle"] for line in Review().lines()] == ["yes" if idle else "no"]
    assert bool([*Review(idle=90 * DAY).lines()]) == idle


def test_many_keys_are_read_in_chunks_in_the_order_of_the_query(organization, monkeypatch):
    monkeypatch.setattr(key_report, "CHUNK", 2)
    for number in range(5):
        issue(organization, label=f"Key {number}")
    lines = key_report.lines_of(ApiKey.objects.order_by("-pk"))
    assert [line["label"] for line in lines] == [f"Key {number}" for number in (4, 3, 2, 1, 0)]
