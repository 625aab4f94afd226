"""For any JSON in any place of a resource, the mapping reports issues and never raises."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encounters.fhir.mapping import mapped
from encounters.importing.codes import Code
from tests.encounters.fhir.exports import attachment, document, encounter, organization, patient

META = {"meta": {"lastUpdated": "2026-05-25T10:00:00Z", "security": [{"code": "HTEST"}], "tag": [{"system": "s"}]}}
IDENTIFIED = {"identifier": [{"system": "s", "value": "v"}]}
REFERENCE = {"reference": "Patient/p1", "display": "x"}
AUDIO = attachment("x", "audio/wav", extension=[{"url": "duration", "valueDecimal": 1.5}], title="x")
NAME = {"use": "usual", "family": "x", "given": ["x"], "text": "x", "period": {"end": "2002"}}

WHOLE = [
    organization(**META, **IDENTIFIED),
    patient(**META, **IDENTIFIED, name=[NAME, NAME]),
    encounter(**META, **IDENTIFIED, period={"start": "2026", "end": "2026"}, serviceProvider=REFERENCE),
    document(
        **META,
        subject=REFERENCE,
        type={"text": "x", "coding": [{"display": "x"}]},
        relatesTo=[{"code": "replaces", "target": REFERENCE}],
        content=[{"attachment": AUDIO}, {"attachment": attachment("<p>x</p>", "text/html; charset=utf-8")}],
    ),
]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2026-02-30", "#x", "urn:uuid:", "Patient?identifier=|", "text/html; charset=\x00", "9" * 400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["reference", "code", "attachment", "given", "start"]) | st.text(), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def places(value, path=()):
    """Yield the path of every value in a resource."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def replaced(value, path, new):
    """Return a copy of a resource with something else in one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


EVERY_PLACE = [(body, path) for body in WHOLE for path in places(body)]


@settings(max_examples=1500)
@given(st.sampled_from(EVERY_PLACE), ANY_JSON)
def test_any_json_in_any_place_is_reported_at_most(place, value):
    body, path = place
    found = mapped(body["resourceType"], replaced(body, path, value), date(2026, 6, 1))
    assert all(isinstance(each, Code) for each in found.warnings)


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "", "x", [], {}, [[]], [None], [{}], {"a": {}}])
def test_every_kind_of_json_in_every_place_is_reported_at_most(value):
    for body, path in EVERY_PLACE:
        found = mapped(body["resourceType"], replaced(body, path, value), date(2026, 6, 1))
        assert all(isinstance(each, Code) for each in found.warnings)


@given(st.sampled_from(["Organization", "Patient", "Encounter", "DocumentReference"]), ANY_JSON)
def test_a_resource_of_nothing_that_it_should_have_is_reported_at_most(resource_type, value):
    assert mapped(resource_type, {"resourceType": resource_type, "x": value}, date(2026, 6, 1)).version is None
