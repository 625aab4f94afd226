"""A partner pages through a real export: nothing is lost or repeated, even beyond the last offset."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils.dateparse import parse_datetime

from encounters.models import Encounter
from tests import planning
from tests.api import Api
from tests.factories import START, EncounterFactory
from tests.moments import NONE, TICK

pytestmark = [pytest.mark.samples, pytest.mark.django_db]


@pytest.fixture
def everything(samples, organization) -> list[str]:
    """The ids of all encounters of the volume export, in the order of their creation."""
    options = ["--organization", organization.public_id, "--record-class", "clinical", "--json"]
    call_command("import_fhir", str(samples / "volume"), *options, stdout=io.StringIO())
    planning.gather_statistics("encounters_encounter", "encounters_patient")
    mine = Encounter.objects.for_organization(organization).order_by("created_at", "public_id")
    return list(mine.values_list("public_id", flat=True))


def ids(page) -> list[str]:
    return [item["encounter_id"] for item in page["items"]]


def pages(api: Api, query: str):
    """Yield every page that offsets reach."""
    for offset in range(0, 10_001, 100):
        yield api.get(query=f"limit=100&offset={offset}{query}").json()


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_offsets_reach_ten_thousand_and_a_page(api, everything, order):
    expected = everything if order == "asc" else everything[::-1]
    found = [each for page in pages(api, f"&sort_order={order}") for each in ids(page)]
    assert found == expected[:10_100]


def test_windows_reach_every_encounter(api, everything):
    found, start = [], "2000-01-01T00:00:00Z"
    while page := api.get(query=f"limit=100&sort_order=asc&start_at={start}").json()["items"]:
        found += [item["encounter_id"] for item in page]
        last = parse_datetime(page[-1]["created_at"])
        start = (last + timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
    assert found == everything


def test_the_total_is_that_of_the_window(api, everything):
    middle = Encounter.objects.get(public_id=everything[4_000]).created_at.isoformat().replace("+00:00", "Z")
    assert api.get(query=f"limit=1&end_at={middle}").json()["total"] == 4_000
    assert api.get(query=f"limit=1&start_at={middle}").json()["total"] == 11_006 - 4_000


@pytest.mark.parametrize(("edge", "inside"), [("start_at", [NONE, TICK]), ("end_at", [-TICK])])
@pytest.mark.parametrize("moment", [START, START.replace(hour=0), START.replace(day=1, hour=0)])
def test_a_window_holds_its_start_and_not_its_end(api, organization, edge, inside, moment):
    rows = {
        tick: EncounterFactory(organization=organization, created_at=moment + tick).public_id
        for tick in (-TICK, NONE, TICK)
    }
    page = api.get(query=f"sort_order=asc&{edge}={moment:%Y-%m-%dT%H:%M:%SZ}").json()
    assert [item["encounter_id"] for item in page["items"]] == [rows[tick] for tick in inside]
    assert page["total"] == len(inside)
