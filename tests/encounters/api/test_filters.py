"""The normal form of a query, which the ledger stores."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encounters.api.filters import EncounterFilter
from partners.api.filters import NoFilter
from partners.models import RequestRecord

ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EARLIEST, LATEST = datetime(1, 1, 3), datetime(9999, 12, 29, 23, 59, 59, 999999)
INSTANTS = st.datetimes(EARLIEST, LATEST, timezones=ZONES)


def sent(limit, offset, sort_order, *instants):
    """Write a query in any way that clients may use."""
    given = {"limit": limit, "offset": offset, "sort_order": sort_order}
    given |= dict(zip(("end_at", "start_at"), sorted(instants, reverse=True), strict=False))
    texts = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}
    return "&".join(f"{name}={text}" for name, text in texts.items() if text is not None).replace("+", "%2B")


@given(
    st.none() | st.integers(1, 100),
    st.none() | st.integers(0, 10_000),
    st.sampled_from([None, "asc", "desc"]),
    st.lists(INSTANTS, max_size=2, unique_by=lambda at: at.astimezone(UTC)),
)
def test_the_normal_form_is_an_equivalent_query_and_fits_its_column(limit, offset, sort_order, instants):
    query = EncounterFilter.read(sent(limit, offset, sort_order, *instants))
    again = EncounterFilter.read(query.normal_form)
    assert {check.outcome for check in query.checks} == {"passed"}
    assert (again.values, again.normal_form) == (query.values, query.normal_form)
    assert len(query.normal_form) <= RequestRecord._meta.get_field("query").max_length


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "limit=50"),
        ("limit=50&offset=0", "&%6Fffset=0&&sort_order=desc"),
        ("start_at=2026-05-25T14:00:00Z", "start_at=2026-05-25t16:00:00.000%2B02:00"),
        ("end_at=2026-05-25T14:00:00.123456Z", "end_at=2026-05-25T14:00:00.1234569-00:00"),
    ],
)
def test_equivalent_queries_have_the_same_normal_form(one, other):
    assert EncounterFilter.read(one).normal_form == EncounterFilter.read(other).normal_form


def test_the_normal_form_is_in_the_order_of_declaration_with_times_in_utc():
    query = EncounterFilter.read("end_at=2026-05-25T14:00:00.5%2B02:00&limit=5")
    assert query.normal_form == "limit=5&offset=0&sort_order=desc&end_at=2026-05-25T12:00:00.500000Z"


def test_without_parameters_the_normal_form_is_empty():
    assert NoFilter.read("").normal_form == ""
