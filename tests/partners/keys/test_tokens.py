import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.keys import tokens

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
PADDED = "ch_sk_000000000671" + "A" * 43 + "00Up6J"


def crc32(text: str) -> int:
    """CRC-32 bit by bit (ISO 3309, reflected), apart from the library that the product uses."""
    register = 0xFFFFFFFF
    for byte in text.encode():
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xEDB88320 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


def value(digits: str) -> int:
    """What base62 digits are worth, the first the most significant."""
    return sum(ALPHABET.index(digit) * 62**place for place, digit in enumerate(reversed(digits)))


any_token = st.booleans().map(lambda is_test: tokens.mint(is_test=is_test))


@pytest.mark.parametrize(("is_test", "prefix"), [(False, "ch_sk_"), (True, "ch_sk_test_")])
def test_a_minted_token_has_its_parts_in_order(is_test, prefix):
    token = tokens.mint(is_test=is_test)
    assert re.fullmatch(prefix + "[0-9A-Za-z]{61}", token.text)
    assert token.text.removeprefix(prefix)[:12] == token.public_part
    assert token.is_test is is_test


@given(any_token)
def test_what_may_be_quoted_is_how_it_begins_and_nothing_of_the_secret(token):
    quotable = tokens.quotable(token.public_part, is_test=token.is_test)
    assert (token.text.startswith(quotable), len(token.text) - len(quotable)) == (True, 43 + 6)


@given(any_token)
def test_a_minted_token_is_read_back(token):
    assert tokens.parse(token.text) == token


@given(any_token)
def test_the_checksum_is_the_crc_most_significant_digit_first(token):
    assert value(token.text[-6:]) == crc32(token.text[:-6])


@pytest.mark.parametrize(
    ("body", "checksum"),
    [
        ("ch_sk_" + "0" * 12 + "A" * 43, "0pmsNo"),
        ("ch_sk_test_" + "0" * 12 + "A" * 43, "40eaX2"),
        (PADDED[:-6], "00Up6J"),
        ("", "000000"),
    ],
)
def test_the_checksum_is_padded_with_zeros(body, checksum):
    assert tokens.checksum(body) == checksum


def test_a_token_whose_checksum_starts_with_zeros_is_read():
    assert tokens.parse(PADDED).public_part == "000000000671"
    assert tokens.parse(PADDED[:-6] + "Up6J") is None


@given(any_token, st.data())
def test_any_one_changed_character_is_refused(token, data):
    place = data.draw(st.integers(0, len(token.text) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "_-. \n\0é٥") | st.characters())
    changed = token.text[:place] + other + token.text[place + 1 :]
    assert (tokens.parse(changed) is None) == (changed != token.text)


@given(any_token, st.data())
def test_a_lost_or_an_added_character_is_refused(token, data):
    place = data.draw(st.integers(0, len(token.text) - 1))
    added = data.draw(st.sampled_from(ALPHABET + " \n"))
    assert tokens.parse(token.text[:place] + token.text[place + 1 :]) is None
    assert tokens.parse(token.text[:place] + added + token.text[place:]) is None


@given(any_token, st.data())
def test_two_neighbours_exchanged_are_refused(token, data):
    place = data.draw(st.integers(0, len(token.text) - 2))
    first, second = token.text[place : place + 2]
    changed = token.text[:place] + second + first + token.text[place + 2 :]
    assert (tokens.parse(changed) is None) == (first != second)


@given(st.text())
def test_whatever_text_comes_it_is_judged(text):
    assert tokens.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ch_sk_",
        PADDED.upper(),
        PADDED + "\n",
        " " + PADDED,
        PADDED + PADDED,
        PADDED.replace("ch_sk_", "ch_sk_test_"),
        PADDED.replace("ch_sk_", "ch_pk_"),
        PADDED.removeprefix("ch_sk_"),
        "ch_sk_" + "é" * 61,
        "ch_sk_" + "٥" * 61,
    ],
)
def test_another_shape_is_refused(text):
    assert tokens.parse(text) is None


@pytest.mark.parametrize(
    ("text", "claims"),
    [("ch_sk_test_", True), ("ch_sk_test_junk", True), ("ch_sk_testA", False), ("ch_sk_x", False), ("", False)],
)
def test_a_test_key_is_known_by_its_prefix_alone(text, claims):
    assert tokens.has_test_prefix(text) is claims


def test_a_token_does_not_show_itself():
    token = tokens.mint(is_test=False)
    assert token.text not in f"{token!r} {token}"
    assert token.text[-49:-6] not in repr(token)


def test_public_part_and_secret_are_random():
    minted = [tokens.mint(is_test=False) for _ in range(500)]
    assert len({token.public_part for token in minted}) == len({token.text[18:61] for token in minted}) == 500
    assert 62**43 > 2**256


@pytest.mark.parametrize("is_test", [False, True])
def test_the_published_pattern_finds_every_key_and_nothing_shorter(is_test):
    token = tokens.mint(is_test=is_test).text
    assert re.findall(tokens.PATTERN, f'key="{token}";') == [token]
    assert not re.search(tokens.PATTERN, token[:-1])
    assert not re.search(tokens.PATTERN, token.upper())
