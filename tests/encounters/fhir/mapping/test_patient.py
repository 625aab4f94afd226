from datetime import date

import pytest

from encounters.importing.codes import Code
from tests.encounters.fhir.exports import patient


def named(map_resource, *names):
    found = map_resource(patient(name=list(names)))
    return found.values["first_name"], found.values["last_name"], found.warnings


def test_a_patient_is_names_and_a_date_of_birth_and_nothing_else(map_resource):
    body = patient(identifier=[{"system": "s", "value": "123-45-6789"}], telecom=[{"value": "555"}], photo=[{}])
    assert map_resource(body).values == {
        "first_name": "Ina Vera",
        "last_name": "Example",
        "date_of_birth": date(1970, 2, 3),
    }


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("official", "usual"),
        ("usual", None),
        (None, "nickname"),
        ("nickname", "temp"),
        ("temp", "anonymous"),
        ("anonymous", "old"),
        ("old", "maiden"),
        ("maiden", "unheard-of"),
        ("maiden", {}),
    ],
)
def test_names_are_ranked_by_use(map_resource, better, worse):
    names = [{"use": worse, "family": "Worse"}, {"use": better, "family": "Better"}]
    assert named(map_resource, *names) == (None, "Better", [])


@pytest.mark.parametrize(
    ("end", "has_ended"),
    [("2002", True), ("2026-05", True), ("2026-05-31", True), ("2026-06-02", False), ("2026", False), (None, False)],
)
def test_a_name_that_has_ended_comes_last(map_resource, end, has_ended):
    names = [{"use": "official", "family": "Ended", "period": {"end": end}}, {"use": "maiden", "family": "Held"}]
    assert named(map_resource, *names)[1] == ("Held" if has_ended else "Ended")


@pytest.mark.parametrize(
    ("start", "is_to_come"),
    [
        ("2090-01-01", True),
        ("2027", True),
        ("2026-07", True),
        ("2026-06-02T00:00:00Z", True),
        ("2026-06-01", False),
        ("2026-06", False),
        ("2026", False),
        ("later", False),
    ],
)
def test_a_name_that_has_not_begun_is_skipped(map_resource, start, is_to_come):
    names = [{"use": "official", "family": "Future", "period": {"start": start}}, {"use": "maiden", "family": "Held"}]
    assert named(map_resource, *names)[1] == ("Held" if is_to_come else "Future")


def test_a_name_that_has_not_begun_is_better_than_none(map_resource):
    name = {"family": "Future", "period": {"start": "2090"}}
    assert named(map_resource, name, {"use": "official"}) == (None, "Future", [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"given": ["Ina", None, " ", "Vera", 7]}, ("Ina Vera", None, [])),
        ({"family": "Ex\x00ample"}, (None, "Example", [])),
        ({"text": "Ina Example"}, (None, "Ina Example", [Code.NAME_TEXT_ONLY])),
        ({"use": "official"}, (None, None, [Code.NO_NAME])),
        ({"family": 7, "given": {}}, (None, None, [Code.NO_NAME])),
        ({"family": "Example", "given": "Ina"}, ("Ina", "Example", [Code.UNEXPECTED_SHAPE])),
        ({"family": ["Example", None, "Sample"], "given": ["Ina"]}, ("Ina", "Example Sample", [Code.UNEXPECTED_SHAPE])),
        ({"family": "Example", "given": {"x": "Ina"}}, (None, "Example", [Code.UNEXPECTED_SHAPE])),
        ({"family": 7, "given": ["Ina"]}, ("Ina", None, [Code.UNEXPECTED_SHAPE])),
        ("Ina", (None, None, [Code.NO_NAME])),
        ({"family": "x" * 1001}, (None, "x" * 1000, [Code.TEXT_CUT])),
    ],
)
def test_a_name_is_read_from_its_parts(map_resource, name, expected):
    assert named(map_resource, name) == expected


def test_an_empty_name_is_skipped(map_resource):
    assert named(map_resource, {"use": "official"}, {"use": "old", "family": "Example"}) == (None, "Example", [])


@pytest.mark.parametrize(
    ("day", "code"), [("1970-02", Code.PARTIAL_DATE), ("1970-02-30", Code.INVALID_DATE), (None, Code.NO_BIRTH_DATE)]
)
def test_a_partial_birth_date_is_never_completed(map_resource, day, code):
    found = map_resource(patient(birthDate=day))
    assert (found.values["date_of_birth"], found.warnings) == (None, [code])
