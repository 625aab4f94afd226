from datetime import UTC, datetime

import pytest

from encounters.importing.codes import Code
from tests.encounters.fhir.exports import document, encounter, patient


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("planned", "planned"),
        ("arrived", "in_progress"),
        ("triaged", "in_progress"),
        ("in-progress", "in_progress"),
        ("onleave", "in_progress"),
        ("finished", "completed"),
        ("cancelled", "cancelled"),
        ("unknown", "unknown"),
        (None, "unknown"),
    ],
)
def test_every_r4_status_has_ours(map_resource, written, status):
    found = map_resource(encounter(status=written))
    assert (found.values["status"], found.warnings) == (status, [])


@pytest.mark.parametrize(
    ("written", "status", "code"),
    [
        ("completed", "completed", Code.R5_STATUS),
        ("discharged", "completed", Code.R5_STATUS),
        ("on-hold", "in_progress", Code.R5_STATUS),
        ("discontinued", "cancelled", Code.R5_STATUS),
        ("Finished", "unknown", Code.UNRECOGNIZED_STATUS),
        (7, "unknown", Code.UNRECOGNIZED_STATUS),
        ([], "unknown", Code.UNRECOGNIZED_STATUS),
    ],
)
def test_another_status_comes_with_a_warning(map_resource, written, status, code):
    found = map_resource(encounter(status=written))
    assert (found.values["status"], found.warnings) == (status, [code])


def test_an_encounter_entered_in_error_is_withdrawn_without_values(map_resource):
    found = map_resource(encounter(status="entered-in-error"))
    assert found.withdrawn
    assert found.values == {}


@pytest.mark.parametrize(
    ("period", "expected", "codes"),
    [
        ({"start": "2026-05-25T10:00:00-04:00"}, datetime(2026, 5, 25, 14, tzinfo=UTC), []),
        ({"end": "2026-05-25T10:00:00Z"}, datetime(2026, 5, 25, 10, tzinfo=UTC), []),
        ({"start": "2026-05-25", "end": "2026-05-26"}, datetime(2026, 5, 25, tzinfo=UTC), [Code.DATE_ONLY]),
        ({"start": "2026-05-25T10:00:00"}, datetime(2026, 5, 25, 10, tzinfo=UTC), [Code.NO_TIME_ZONE]),
        ({"start": "2026-05", "end": "2026-05-26"}, None, [Code.PARTIAL_DATE]),
        ({"start": 7}, None, [Code.INVALID_DATE]),
        ({}, None, []),
        (None, None, []),
        ("2026-05-25", None, []),
    ],
)
def test_the_date_of_service_is_the_start_of_the_period_or_its_end(map_resource, period, expected, codes):
    found = map_resource(encounter(period=period))
    assert (found.values["date_of_service"], found.warnings) == (expected, codes)


def test_without_the_period_of_r4_that_of_r5_is_read_with_a_warning(map_resource):
    period, other = {"start": "2026-05-25T10:00:00Z"}, {"start": "2020-01-01T00:00:00Z"}
    found = map_resource(encounter(period=None, actualPeriod=period))
    assert (found.service_start, found.warnings) == (datetime(2026, 5, 25, 10, tzinfo=UTC), [Code.OTHER_FHIR_VERSION])
    found = map_resource(encounter(period=period, actualPeriod=other))
    assert (found.service_start, found.warnings) == (datetime(2026, 5, 25, 10, tzinfo=UTC), [])


@pytest.mark.parametrize(
    ("meta", "is_deleted"),
    [
        ({"deleted": True}, True),
        ({"deleted": "true"}, False),
        ({"deleted": False}, False),
        ({"extension": [{}, {"url": "http://x.example/deleted-state", "valueString": "soft-deleted"}]}, True),
        ({"extension": [{"url": "http://x.example/deleted-state", "valueString": "active"}]}, False),
        ({"extension": [{"url": "http://x.example/other", "valueString": "soft-deleted"}]}, False),
    ],
)
@pytest.mark.parametrize("write", [encounter, patient, document])
def test_a_soft_deleted_encounter_is_withdrawn_without_values(map_resource, write, meta, is_deleted):
    found = map_resource(write(meta=meta))
    assert (found.withdrawn, found.values == {}) == (is_deleted, is_deleted)


@pytest.mark.parametrize("place", ["security", "tag"])
def test_a_label_of_test_data_is_recognized(map_resource, place):
    assert map_resource(encounter(meta={place: [{"code": "R"}, {"code": "HTEST"}]})).labelled_test
    assert not map_resource(encounter(meta={place: [{"code": "R"}]})).labelled_test


@pytest.mark.parametrize("moment", ["2026-05-25", "2026-05-25T10:00:00", "yesterday", 7])
def test_a_last_updated_that_is_not_an_instant_is_not_a_version(map_resource, moment):
    found = map_resource(encounter(meta={"lastUpdated": moment}))
    assert (found.version, found.warnings) == (None, [Code.INVALID_LAST_UPDATED])
