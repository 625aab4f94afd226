"""Tokens in a text: found in whatever way they are written, in work and memory that its length bounds."""

import base64
import json
import re
from textwrap import wrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.keys import in_text, searching, tokens
from partners.keys.searching import OVERLAP, PIECE, pieces, readings
from tests.partners.keys.test_in_text import HOSTILE, Counting

TOKEN = tokens.mint(is_test=False).text
OTHER = tokens.mint(is_test=True).text
PUBLIC = TOKEN[6:18]
KNOWN = {PUBLIC, OTHER[11:23]}


def whole_in(text: str) -> set[str]:
    """Return the whole tokens of known keys in a text."""
    hits = [searching.found(reading, KNOWN) for piece in pieces([text]) for reading in readings(piece)]
    return {token.text for hit in hits for whole in hit.values() for token in whole}


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
    assert whole_in(write.format(token, token)) == {whole}


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
    assert whole_in(text) == {TOKEN}


def test_several_tokens_are_all_found():
    text = f"old {TOKEN}\nnew {OTHER}\nand again {TOKEN}"
    assert whole_in(text) == {TOKEN, OTHER}


@pytest.mark.parametrize(("start", "stop"), [(0, 18), (0, 30), (0, -1), (6, 18), (6, 40), (4, 25)])
@pytest.mark.parametrize("write", ["{}", "{}…", "KEY={}; -", "see{}"])
def test_of_a_piece_the_public_part_is_found(start, stop, write):
    text = write.format(TOKEN[start:stop])
    assert [searching.found(each, KNOWN) for each in readings(text)] == [{PUBLIC: set()}]
    assert PUBLIC in {part for each in readings(text) for part in searching.public_parts(each)}


@given(st.text(), st.text())
def test_no_text_around_a_token_hides_it(before, after):
    assert TOKEN in whole_in(f"{before} {TOKEN} {after}")


def test_a_token_in_base64_is_found_wherever_it_begins():
    for before in ("", "a", "ab", "abc"):
        text = f"{before}user:{TOKEN}\n".encode()
        assert whole_in(f"  key: {base64.b64encode(text).decode()}\n") == {TOKEN}
        assert whole_in(base64.urlsafe_b64encode(text + b"\xff" * 60).decode()) == {TOKEN}
        assert whole_in(base64.encodebytes(b"x" * 90 + text).decode()) == {TOKEN}


@pytest.mark.parametrize("there", [0, PIECE - 100, PIECE - 30, PIECE - OVERLAP, 2 * PIECE - OVERLAP - 40, 3 * PIECE])
@pytest.mark.parametrize("token", RESHAPED.values(), ids=RESHAPED)
def test_a_token_is_found_wherever_it_is_in_a_long_text(there, token):
    assert whole_in("-" * there + token + "-" * PIECE) == {TOKEN}


def test_a_long_text_is_read_in_pieces_of_limited_size():
    read = list(pieces("x" * 1_000 for _ in range(2_000)))
    assert max(map(len, read)) <= PIECE
    assert sum(map(len, read)) == 2_000_000 + OVERLAP * (len(read) - 1)


def test_a_whole_token_with_its_prefix_is_found_whoever_issued_it():
    stranger = tokens.mint(is_test=True)
    (reading,) = readings(f"x={stranger.text}&y={TOKEN[:-1]}-")
    assert searching.with_prefix(reading) == {stranger}


def test_what_was_found_is_not_in_its_repr():
    assert TOKEN[18:] not in repr(searching.found(TOKEN, KNOWN))


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("size", [100, 800, 60_000])
def test_the_work_on_any_text_is_bounded(monkeypatch, make, size):
    handed: list[int] = []
    for module in (in_text, searching):
        for name, value in vars(module).copy().items():
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, Counting(value, handed))
    whole_in(make(size))
    assert handed
    assert sum(handed) <= 20 * len(make(size))


def test_what_is_encoded_in_more_layers_than_are_read_is_not_found():
    text = TOKEN
    for _ in range(in_text.PASSES + 1):
        text = "".join(f"%{ord(each):02x}".replace("2", "%32") for each in text)
    assert whole_in(text) == set()
