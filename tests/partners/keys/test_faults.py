"""What is said of a damaged token."""

import pytest

from partners.keys import tokens
from partners.keys.faults import _fault_of_length, fault

TOKEN = tokens.mint(is_test=False).text
FAULTS = [
    (TOKEN[:-1], "it is cut short: 66 characters of 67"),
    (TOKEN[:20], "it is cut short: 20 characters of 67"),
    ("ch_sk_", "it is cut short: 6 characters of 67"),
    ("ch_sk_test_x", "it is cut short: 12 characters of 72"),
    (f"{TOKEN}x", "it is too long: 68 characters instead of 67"),
    (TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1"), "its checksum is wrong"),
    (f"{TOKEN[:30]} {TOKEN[30:]}", "it contains whitespace"),
    (f"{TOKEN}\n{TOKEN}", "it contains whitespace"),
    (f"{TOKEN},{TOKEN}", "it contains a comma"),
    (f"CH_SK_{TOKEN[6:]}", "its prefix is not in lower case"),
    (TOKEN[3:], "its prefix is wrong"),
    ("$API_KEY", "its prefix is wrong"),
    (f"{TOKEN[:-1]}-", "it contains a character that no key has"),
    (f"{TOKEN[:-1]}é", "it contains a character that no key has"),
]


@pytest.mark.parametrize(("text", "told"), FAULTS)
def test_a_fault_is_told_without_the_token(text, told):
    assert fault(text).startswith(told)
    assert tokens.parse(text) is None
    assert TOKEN[18:30] not in fault(text)


@pytest.mark.parametrize("is_test", [True, False])
def test_a_whole_token_has_no_fault(is_test):
    assert fault(tokens.mint(is_test=is_test).text) is None


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("length", "words"), [(63, "cut short"), (64, "checksum"), (65, "too long")])
def test_a_token_of_exactly_the_length_has_another_fault(length, words):
    assert words in _fault_of_length(length, 64)
