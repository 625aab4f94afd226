"""The first rows of a query, and how many it has."""

import pytest

from partners.finding.found import COUNTED, Found


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("total", "shown"), [(99, "99"), (100, "100"), (101, "100+")])
def test_a_number_is_exact_as_far_as_it_is_counted(total, shown):
    assert COUNTED == 100
    assert Found([], total).count == shown


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("rows", "total", "more"), [(0, 0, False), (3, 3, False), (3, 4, True)])
def test_more_is_said_only_where_there_is_more(rows, total, more):
    found = Found([None] * rows, total)
    assert (found.more, bool(found)) == (more, total > 0)
