"""Tokens in a text: recognized and hidden, in work that is linear in its length."""

import re
from urllib.parse import quote

import pytest

from partners.keys import in_text, links, tokens, webhook_secrets
from partners.keys.in_text import holds_token, may_hold_part, without_tokens

TOKEN = tokens.mint(is_test=False).text
OTHER = tokens.mint(is_test=True).text


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


LINK = links.new_token()


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (LINK, True),
        (f"They sent https://api.example.org/collect/#{LINK}, twice.", True),
        (f"https%3A%2F%2Fapi.example.org%2Fcollect%2F%23{LINK}", True),
        (LINK[1:], False),
        (f"{LINK}0", False),
        (f"payload:1tZ3x:{LINK}", False),  # signed by Django
        (f"{LINK}:1tZ3x:payload", False),
    ],
    ids=range(7),
)
def test_the_token_of_a_link_is_a_token(text, held):
    assert holds_token(text) == held


SECRET = webhook_secrets.shown(bytes(range(200, 232)))
BARE = SECRET.removeprefix("whsec_")


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (SECRET, True),
        (f"They have {SECRET}, as I do.", True),
        (SECRET[:14], True),
        (SECRET.upper(), True),
        (quote(SECRET, safe=""), True),
        (SECRET.replace("+", "-").replace("/", "_"), True),
        (f"export CHARTERO_WEBHOOK_SECRET={BARE}", True),
        ("It begins with whsec_…", False),
        (f"webhook-signature: v1,{BARE}", False),
        (f"sha256-{BARE}", False),
    ],
    ids=range(10),
)
def test_the_secret_of_a_webhook_endpoint_is_a_token(text, held):
    assert holds_token(text) == held
    if held:
        assert may_hold_part(text)
        assert BARE[:8].upper() not in without_tokens(text).upper() + in_text.redacted(text, "x", 2_000).upper()


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
@pytest.mark.parametrize("work", [without_tokens, lambda text: in_text.redacted(text, "x", 2_000)])
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
