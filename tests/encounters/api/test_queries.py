"""The raw SQL of the encounter routes, compared with the same query by the ORM."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from encounters.api import queries
from encounters.api.filters import EncounterFilter
from encounters.models import Encounter
from tests.factories import START, DocumentFactory, EncounterFactory, OrganizationFactory

pytestmark = pytest.mark.django_db
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # examples may share a database, and take long
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
    """Return the ids and the total from the declared filters and the ORM."""
    rows = EncounterFilter({}, Encounter.objects.for_organization(organization).served()).queryset
    for name, value in {"start_at": start_at, "end_at": end_at}.items():
        if value is not None:
            rows = EncounterFilter.base_filters[name].filter(rows, value)
    sign = "-" if sort_order == "desc" else ""
    page = rows.order_by(f"{sign}created_at", f"{sign}public_id")[offset : offset + limit]
    return [row.public_id for row in page], rows.count()


def read(data):
    """Return data as the client gets it."""
    return orjson.loads(orjson.dumps(data))


def test_pages_match_the_declared_filters(organization):
    @settings(max_examples=60)
    @given(st.integers(1, 12), st.integers(0, 12), st.sampled_from(["asc", "desc"]), EDGES, EDGES)
    def check(limit, offset, sort_order, start_at, end_at):
        query = {"limit": limit, "offset": offset, "sort_order": sort_order, "start_at": start_at, "end_at": end_at}
        assume(start_at is None or end_at is None or start_at < end_at)
        page, _ = queries.page(organization.pk, **query)
        ids = [item["encounter_id"] for item in read(page["items"])]
        assert (ids, page["total"]) == reference(organization, **query)

    check()


@pytest.mark.postgresql
def test_an_item_is_the_same_in_a_list_and_alone(organization):
    page, disclosed = queries.page(organization.pk, limit=1, offset=0, sort_order="asc", start_at=None, end_at=None)
    (item,) = read(page["items"])
    alone = queries.find_encounter(item["encounter_id"])
    assert (read(alone.item), alone.disclosure) == (item, disclosed)


@given(moment=st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))
@example(moment=datetime(2026, 5, 25, 14, tzinfo=UTC))
@example(moment=datetime(2026, 5, 25, 14, 0, 0, 1, tzinfo=UTC))
@settings(max_examples=50, suppress_health_check=SHARED)
def test_any_instant_is_written_in_utc_to_the_microsecond(db, moment):
    encounter = EncounterFactory(date_of_service=moment)
    text = read(queries.find_encounter(encounter.public_id).item)["date_of_service"]
    assert text == orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode().strip('"')


@given(number=st.just(0.0) | st.floats(1e-6, 1e9))
@example(number=0.1 + 0.2)
@example(number=842.4)
@settings(max_examples=200, suppress_health_check=SHARED)
def test_any_duration_reads_back_as_itself(db, number):
    document = DocumentFactory(audio_duration_seconds=number)
    (served,) = read(queries.find_encounter(document.encounter.public_id).item)["documents"]
    assert served["audio_duration_seconds"] == number


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@example(text='"\\/\u2028\x1f\x7f{}[]\U0001f600')
@settings(max_examples=50, suppress_health_check=SHARED)
def test_any_text_reads_back_as_itself(db, text):
    document = DocumentFactory(title=text)
    (served,) = read(queries.find_encounter(document.encounter.public_id).item)["documents"]
    assert served["title"] == text
