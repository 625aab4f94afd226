"""The report on keys, at the exact age. The command's own tests are in tests/partners/management."""

import pytest

from partners.review.key_report import Review
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
