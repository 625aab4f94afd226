import pytest

from encounters.importing.reading import elements


@pytest.mark.parametrize("value", [None, 7, "x", [], {"a": 7}, {"a": {"b": None}}, {"a": [{"b": 1}]}])
def test_a_missing_member_is_none(value):
    assert elements.member(value, "a", "b") is None


def test_a_member_is_found_by_its_path():
    assert elements.member({"a": {"b": 1}}, "a", "b") == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (" a\x00b ", "ab"), ("", None), (" \x00", None), (None, None), (7, None), (["a"], None)],
)
def test_a_text_is_a_string_with_something_in_it(value, expected):
    assert elements.text(value) == expected


@pytest.mark.parametrize("value", [None, 7, "ab", {"a": 1}])
def test_a_value_that_is_not_a_list_has_neither_objects_nor_texts(value):
    assert list(elements.objects(value)) == list(elements.texts(value)) == []


def test_elements_of_the_wrong_type_are_skipped():
    assert list(elements.objects([{}, None, "a", [{}]])) == [{}]
    assert list(elements.texts(["a", None, 7, " ", ["b"]])) == ["a"]
