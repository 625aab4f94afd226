"""The raw SQL of the reads, against the ORM's idea of the same query."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encounters import queries
from encounters.filters import EncounterFilter
from encounters.models import Encounter
from tests.factories import START, EncounterFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
EDGES = st.none() | st.integers(-1, 21).map(lambda half_minutes: START + timedelta(seconds=30 * half_minutes))


@pytest.fixture
def organization(db):
    mine = OrganizationFactory()
    for number in range(10):
        when = START + timedelta(minutes=number // 2)
        EncounterFactory(organization=mine, created_at=when)
        EncounterFactory(created_at=when)
        EncounterFactory(organization=mine, created_at=when, record_class="demo")
    return mine


def reference(organization, *, limit, offset, sort_order, start_at, end_at):
    """Return ids and total by the declared filters and the ORM."""
    rows = EncounterFilter({}, Encounter.objects.for_organization(organization).served()).queryset
    for name, value in {"start_at": start_at, "end_at": end_at}.items():
        if value is not None:
            rows = EncounterFilter.base_filters[name].filter(rows, value)
    sign = "-" if sort_order == "desc" else ""
    page = rows.order_by(f"{sign}created_at", f"{sign}public_id")[offset : offset + limit]
    return [row.public_id for row in page], rows.count()


def test_pages_are_what_the_declared_filters_say(organization):
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 12), st.integers(0, 12), st.sampled_from(["asc", "desc"]), EDGES, EDGES)
    def check(limit, offset, sort_order, start_at, end_at):
        query = {"limit": limit, "offset": offset, "sort_order": sort_order, "start_at": start_at, "end_at": end_at}
        page, _ = queries.page(organization.pk, **query)
        assert ([item["encounter_id"] for item in page["items"]], page["total"]) == reference(organization, **query)

    check()


def test_an_item_is_the_same_in_a_list_and_alone(organization):
    page, disclosed = queries.page(organization.pk, limit=1, offset=0, sort_order="asc", start_at=None, end_at=None)
    alone = queries.find(page["items"][0]["encounter_id"])
    assert alone.item() == page["items"][0]
    assert alone.disclosure() == disclosed
