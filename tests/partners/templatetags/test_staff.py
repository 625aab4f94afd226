"""How staff's pages write moments."""

from datetime import timedelta

import pytest

from partners.templatetags.staff import distance
from tests.partners.support.counting import NOW


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-60, "1 minute ago"),
        (-59, "just now"),
        (0, "just now"),
        (1, "in under a minute"),
        (60, "in 1 minute"),
        (7_199, "in 120 minutes"),
        (7_200, "in 2 hours"),
        (172_799, "in 48 hours"),
        (172_800, "in 2 days"),
    ],
)
def test_a_distance_changes_its_unit_at_the_exact_second(seconds, words):
    assert distance(NOW + timedelta(seconds=seconds)) == words
