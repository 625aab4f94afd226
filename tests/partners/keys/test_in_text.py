"""Tokens in a text: found in whatever way they are written, hidden, and in work that is linear in its length."""

import json
import re
from textwrap import wrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.keys import in_text, tokens
from partners.keys.in_text import holds_token, may_hold_part, search, without_tokens

TOKEN = tokens.mint(is_test=False).text
OTHER = tokens.mint(is_test=True).text
PUBLIC = TOKEN[6:18]

# Finding --------------------------------------------------------------------------------------------------------------

WRITTEN = {
    "bare": "{}",
    "in the environment": "export CHARTERO_KEY={} # of the sync",
    "quoted": "'{}'",
    "in a header": "Authorization: Bearer {}",
    "in curl": "curl -H 'Authorization: Bearer {}' https://api.example.com/external/v1/encounters",
    "in an address": "https://user:{}@api.example.com/?x={}&y=1",
    "in a log line": '10.0.0.7 - - [25/May/2026:14:00:00 +0000] "GET /external/v1/encounters?key={} HTTP/1.1" 401 -',
    "glued to words": "key{}and",
    "between letters and digits": "0123456789abcdefghij{}0123456789abcdefghij",
    "marked": "**`{}`**",
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("token", [TOKEN, OTHER, TOKEN[6:]], ids=["live", "test", "no prefix"])
def test_a_whole_token_is_found_however_it_is_written(write, token):
    whole = OTHER if token == OTHER else TOKEN
    assert [each.text for each in search(write.format(token, token)).tokens] == [whole]


RESHAPED = {
    "json": json.dumps({"env": [{"name": "KEY", "value": TOKEN}]}, indent=2),
    "wrapped": "\n".join(wrap(TOKEN, 20)),
    "wrapped and quoted": "\r\n> ".join(wrap(f"the key is {TOKEN} as sent", 30, break_on_hyphens=False)),
    "wrapped by a shell": " \\\n  ".join(wrap(TOKEN, 25)),
    "wrapped in a json string": json.dumps("\n".join(wrap(TOKEN, 30))),
    "quoted-printable": "=\n".join(wrap(TOKEN, 40)),
    "in strings that are joined": '"\n  "'.join(wrap(TOKEN, 30)),
    "blanks": f"{TOKEN[:9]} {TOKEN[9:30]}\t{TOKEN[30:]}",
    "invisible": "\u200b".join(wrap(TOKEN, 16)),
    "underscores eaten": TOKEN.replace("_", ""),
    "percent-encoded": "".join(f"%{ord(each):02x}" for each in TOKEN),
    "percent-encoded twice": quote(quote(TOKEN, safe="").replace("_", "%5F"), safe=""),
}


@pytest.mark.parametrize("text", RESHAPED.values(), ids=RESHAPED)
def test_a_whole_token_is_found_through_what_happened_to_it(text):
    assert [each.text for each in search(text).tokens] == [TOKEN]


def test_several_tokens_are_all_found():
    text = f"old {TOKEN}\nnew {OTHER}\nand again {TOKEN}"
    assert {each.text for each in search(text).tokens} == {TOKEN, OTHER}


@pytest.mark.parametrize(("start", "stop"), [(0, 18), (0, 30), (0, -1), (6, 18), (6, 40), (4, 25)])
@pytest.mark.parametrize("write", ["{}", "{}…", "KEY={}; -", "see{}"])
def test_of_a_piece_the_public_part_is_found(start, stop, write):
    found = search(write.format(TOKEN[start:stop]))
    assert (found.tokens, PUBLIC in found.public_parts) == ([], True)


@given(st.text(), st.text())
def test_no_text_around_a_token_hides_it(before, after):
    assert TOKEN in [each.text for each in search(f"{before} {TOKEN} {after}").tokens]


def test_a_long_text_is_cut_and_says_so():
    found = search("x " * in_text.LONGEST + TOKEN)
    assert (found.tokens, found.cut) == ([], True)
    assert not search(TOKEN).cut


def test_what_was_found_is_not_in_its_repr():
    assert TOKEN[18:] not in repr(search(TOKEN))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (TOKEN[:-1], True),
        (TOKEN[:19], True),
        (TOKEN[:18], False),
        (f"{TOKEN[:18]}…", False),
        (quote(TOKEN).replace("_", "%5f"), True),
        (f"CH_SK_{TOKEN[6:]}", True),
    ],
    ids=range(6),
)
def test_a_damaged_token_is_still_a_token(text, held):
    assert holds_token(text) == held


@pytest.mark.parametrize(
    "text", [TOKEN, TOKEN[:18], TOKEN[6:19], "ch_sk_x", "%41", f"x {TOKEN[20:40]} y"], ids=range(6)
)
def test_what_may_be_part_of_a_token_belongs_into_no_address(text):
    assert may_hold_part(text)


@pytest.mark.parametrize("text", ["EHR sync", "0123456789ab", "key_0123456789abcdefghijkl", "Nightly export 2", ""])
def test_labels_ids_and_public_parts_may_stand_in_an_address(text):
    assert not may_hold_part(text)


# Hiding ---------------------------------------------------------------------------------------------------------------

SENT = [TOKEN, TOKEN[:30], TOKEN[6:], TOKEN[3:], f"CH_SK_{TOKEN[6:]}", TOKEN[:64], tokens.mint(is_test=True).text]


@pytest.mark.parametrize("token", SENT)
@pytest.mark.parametrize("write", ["{}", "GET /external/v1/encounters?x={}&y=1", "/external/{}/x", "{}{}"])
def test_the_secret_is_hidden_wherever_it_stands(token, write):
    shown = without_tokens(write.format(token, token))
    assert not {token[at : at + 13] for at in range(18, len(token) - 12)} & {
        shown[at : at + 13] for at in range(len(shown))
    }
    assert "…" in shown


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_percent_encoded_token_is_hidden_too(depth):
    text = "".join(f"%{ord(character):02x}" for character in TOKEN)
    for _ in range(depth - 1):
        text = quote(text)
    assert without_tokens(f"?x={text}") == f"?x={TOKEN[:18]}…"


@pytest.mark.parametrize(
    "text", ["", "GET /external/v1/encounters/enc_0123456789abcdefghijkl?x=%20", "ch_sk_0123456789ab", "50%"]
)
def test_what_is_no_token_is_shown_as_it_is(text):
    assert without_tokens(text) == text


@pytest.mark.parametrize("there", range(5, 70, 5))
@pytest.mark.parametrize("secret", [TOKEN, TOKEN[18:]], ids=["token", "secret alone"])
def test_a_secret_across_the_cut_is_hidden_too(secret, there):
    before = "x " * ((in_text.LONGEST - there) // 2) + "-" * (there % 2)
    shown = without_tokens(before + secret)
    assert TOKEN[18:23] not in shown
    assert shown.endswith("…")


# Work -----------------------------------------------------------------------------------------------------------------

HOSTILE = {
    "nested": lambda n: "%" + "25" * n,
    "nested in pieces": lambda n: "%%32%35" * n,
    "nested by layers": lambda n: "%" * n + "41" * n,
    "one run": lambda n: "a" * n,
    "many prefixes": lambda n: "ch_sk_" * n,
    "runs as long as an id": lambda n: "0123456789abcdefghijkl_" * n,
    "lines": lambda n: "\\\n> " * n,
}


class Counting:
    """A pattern that counts the characters that it is handed."""

    def __init__(self, pattern: re.Pattern[str], handed: list[int]) -> None:
        self.pattern, self.handed = pattern, handed

    def __getattr__(self, name):
        def call(*arguments):
            self.handed.append(len(arguments[-1]))
            return getattr(self.pattern, name)(*arguments)

        return call


@pytest.fixture
def handed(monkeypatch) -> list[int]:
    """The lengths of all texts that a pattern of the module reads."""
    read: list[int] = []
    for name, value in vars(in_text).copy().items():
        if isinstance(value, re.Pattern):
            monkeypatch.setattr(in_text, name, Counting(value, read))
    return read


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("work", [search, without_tokens, lambda text: in_text.redacted(text, "x", 2_000)])
@pytest.mark.parametrize("size", [100, 800, 60_000])
def test_the_work_on_any_text_is_bounded(handed, make, work, size):
    work(make(size))
    assert handed
    assert sum(handed) <= 20 * min(len(make(size)), in_text.LONGEST)


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_text_that_is_not_cut_is_read_a_few_times(handed, make):
    holds_token(make(60_000))
    assert sum(handed) <= 8 * len(make(60_000))


def test_what_is_encoded_in_more_layers_than_are_read_is_not_shown():
    text = "ch_sk_"
    for _ in range(in_text.PASSES + 1):
        text = "".join(f"%{ord(each):02x}".replace("2", "%32") for each in text)
    assert without_tokens(text) == "…"
    assert not search(text).tokens
