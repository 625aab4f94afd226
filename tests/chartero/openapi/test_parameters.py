"""The parameters as they are published: what the contract says, and exactly what the API reads."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chartero import openapi
from encounters.api.filters import ChangeFilter, EncounterFilter
from tests.api import CHANGES
from tests.chartero.openapi.test_document import ONE_DOCUMENT, PREFIX, ROUTES


def parameters(path=PREFIX, method="get"):
    return {each["name"]: each for each in openapi.document()["paths"][path][method].get("parameters", [])}


def test_the_query_of_the_list_in_the_order_of_its_checks():
    schemas = {name: each["schema"] for name, each in parameters().items()}
    assert list(schemas) == ["limit", "offset", "sort_order", "start_at", "end_at"]
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert schemas["offset"] == {"type": "integer", "minimum": 0, "maximum": 10000, "default": 0}
    assert schemas["sort_order"] == {"type": "string", "enum": ["asc", "desc"], "default": "desc"}
    assert schemas["start_at"] == schemas["end_at"]
    assert schemas["start_at"]["format"] == "date-time"


def test_the_query_of_the_changes_in_the_order_of_its_checks():
    schemas = {name: each["schema"] for name, each in parameters(CHANGES).items()}
    assert list(schemas) == ["limit", "cursor"]
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    assert schemas["cursor"] == {"type": "string", "pattern": "^[0-9A-Za-z_-]{64}$"}


@pytest.mark.parametrize("path", [path for path, _ in ROUTES.values() if path not in (PREFIX, CHANGES)])
def test_other_routes_have_the_ids_of_their_path_alone(path):
    assert {name: each["in"] for name, each in parameters(path).items()} == dict.fromkeys(
        re.findall("{(.+?)}", path), "path"
    )


def test_an_id_has_its_prefix_and_22_characters():
    patterns = {name: each["schema"]["pattern"] for name, each in parameters(ONE_DOCUMENT).items()}
    assert patterns == {"encounter_id": "^enc_[0-9A-Za-z]{22}$", "document_id": "^doc_[0-9A-Za-z]{22}$"}


@pytest.mark.parametrize("name", ["limit", "offset", "sort_order", "start_at", "end_at"])
def test_a_parameter_describes_its_meaning_its_grammar_and_its_code(name):
    parameter, text = EncounterFilter.base_filters[name], parameters()[name]["description"]
    assert text.startswith(parameter.meaning)
    assert parameter.grammar.words in text
    assert f"`{parameter.reason.code}`" in text


@pytest.mark.parametrize(
    ("filters", "name", "words"),
    [
        (EncounterFilter, "limit", "from {} to {},"),
        (EncounterFilter, "offset", "from {} to {}."),
        (ChangeFilter, "limit", "or from {} to {} for changes."),
    ],
)
def test_the_message_of_a_number_out_of_range_names_the_same_range(filters, name, words):
    parameter = filters.base_filters[name]
    least, most = parameter.grammar.schema["minimum"], parameter.grammar.schema["maximum"]
    assert words.format(least, most) in parameter.reason.message
    assert f"from {least} to {most} " in parameter.grammar.words


def valid(name, value):
    return Draft202012Validator(EncounterFilter.base_filters[name].grammar.schema).is_valid(value)


@given(st.sampled_from(["limit", "offset"]), st.integers(-10, 10_010))
def test_a_number_is_read_where_the_schema_allows_it(name, number):
    assert (EncounterFilter.base_filters[name].grammar(str(number)) is not None) == valid(name, number)


@given(st.text() | st.sampled_from(["asc", "desc", "ASC", "asc "]))
def test_a_word_is_read_where_the_schema_allows_it(text):
    assert (EncounterFilter.base_filters["sort_order"].grammar(text) is not None) == valid("sort_order", text)


INSTANTS = st.from_regex(EncounterFilter.base_filters["start_at"].grammar.schema["pattern"].replace("$", r"\Z"))


@given(INSTANTS)
def test_a_time_is_read_where_the_pattern_allows_it_and_it_exists(text):
    assert (EncounterFilter.base_filters["start_at"].grammar(text) is not None) == exists(text)


def exists(text):
    """Tell whether there is such a day, and UTC has that moment."""
    microseconds = re.sub(r"\.(\d{1,6})\d*", lambda match: f".{match[1]:0<6}", text.upper())
    try:
        return bool(datetime.fromisoformat(microseconds).astimezone(UTC))
    except (ValueError, OverflowError):
        return False


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("2026-05-25T14:00:00Z", True),
        ("2026-05-25t14:00:00.123456789-23:59", True),
        ("2026-02-30T14:00:00Z", True),
        ("0000-01-01T00:00:00Z", False),
        ("2026-00-25T14:00:00Z", False),
        ("2026-13-25T14:00:00Z", False),
        ("2026-05-00T14:00:00Z", False),
        ("2026-05-32T14:00:00Z", False),
        ("2026-05-25T24:00:00Z", False),
        ("2026-05-25T14:60:00Z", False),
        ("2026-05-25T14:00:60Z", False),
        ("2026-05-25T14:00:00+24:00", False),
        ("2026-05-25T14:00:00+05:60", False),
        ("2026-05-25T14:00:00", False),
        ("x2026-05-25T14:00:00Z", False),
        ("2026-05-25T14:00:00Zx", False),
    ],
)
def test_what_a_pattern_can_say_of_a_time_is_said(text, allowed):
    assert valid("start_at", text) is allowed


@given(st.text("0123456789-:.TZtz+ \n", max_size=40))
def test_no_time_is_read_where_the_pattern_does_not_allow_it(text):
    if EncounterFilter.base_filters["start_at"].grammar(text) is not None:
        assert valid("start_at", text)
