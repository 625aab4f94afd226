"""How the record's pages write durations."""

import pytest

from partners.templatetags.requests import milliseconds


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("microseconds", "shown"), [(9_949, "9.9"), (9_999, "10.0"), (10_000, "10")])
def test_a_decimal_is_shown_below_ten_milliseconds(microseconds, shown):
    assert milliseconds(microseconds) == shown
