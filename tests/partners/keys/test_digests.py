import base64
import hashlib
import hmac
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partners.keys import digests, numbered

ONE, TWO, TEN = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 128))
TOKEN = "ch_sk_000000000671" + "A" * 43 + "00Up6J"


def written(**keys: bytes) -> str:
    return ",".join(f"{name.lstrip('k')}:{base64.b64encode(key).decode()}" for name, key in keys.items())


@pytest.fixture(autouse=True)
def loaded(settings):
    settings.DIGEST_KEYS = written(k1=ONE, k10=TEN, k2=TWO)


def test_the_keys_are_known_by_number():
    assert digests.loaded() == {1: ONE, 2: TWO, 10: TEN}


def test_the_highest_number_signs():
    assert digests.current() == 10


@pytest.mark.parametrize(("number", "key"), [(1, ONE), (2, TWO), (10, TEN)])
def test_a_digest_is_the_hmac_of_the_whole_token_under_its_key(number, key):
    assert digests.digest(TOKEN, number) == hmac.new(key, TOKEN.encode(), hashlib.sha256).digest()


@pytest.mark.parametrize("number", [1, 2, 10])
def test_every_loaded_key_verifies(number):
    stored = digests.digest(TOKEN, number)
    assert digests.matches(TOKEN, stored, number)
    assert digests.matches(TOKEN, memoryview(stored), number)


@pytest.mark.parametrize("number", [2, 10])
def test_a_digest_under_another_key_does_not_match(number):
    assert not digests.matches(TOKEN, digests.digest(TOKEN, 1), number)


def test_another_token_does_not_match():
    assert not digests.matches(TOKEN[:-1] + "K", digests.digest(TOKEN, 1), 1)


@pytest.mark.parametrize("number", [None, 1])
def test_nothing_matches_where_nothing_is_stored(number):
    assert not digests.matches(TOKEN, None, number)


def test_a_digest_of_zeros_matches_nothing_stored(monkeypatch):
    monkeypatch.setattr(digests, "digest", lambda token, number: bytes(32))
    assert not digests.matches(TOKEN, None, None)


def test_a_digest_is_computed_where_nothing_is_stored(monkeypatch):
    computed = []
    monkeypatch.setattr(digests, "digest", lambda token, number: computed.append(number) or bytes(32))
    digests.matches(TOKEN, None, None)
    assert computed == [10]


def test_a_token_has_a_digest_under_every_loaded_key():
    assert digests.candidates(TOKEN) == [digests.digest(TOKEN, number) for number in (1, 10, 2)]


def test_a_number_that_is_not_loaded_is_told():
    with pytest.raises(KeyError):
        digests.digest(TOKEN, 3)


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_with_no_key_loaded_nothing_signs(settings, text):
    settings.DIGEST_KEYS = text
    assert digests.loaded() == {}
    with pytest.raises(digests.DigestKeyUnavailable, match="CHARTERO_DIGEST_KEYS"):
        digests.current()


@pytest.mark.parametrize("text", [" {} ", "{},", ",{}", "\n{}\n"])
def test_blanks_and_empty_parts_are_passed_over(settings, text):
    settings.DIGEST_KEYS = text.format(written(k7=ONE))
    assert digests.loaded() == {7: ONE}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "write each as <number>:<base64>"),
        (":", "write each as"),
        ("0:" + "A" * 44, "from 1 to 32767"),
        ("32768:" + "A" * 44, "from 1 to 32767"),
        ("-1:" + "A" * 44, "write each as"),
        ("+1:" + "A" * 44, "write each as"),
        ("٥:" + "A" * 44, "write each as"),
        ("one:" + "A" * 44, "write each as"),
        ("1", "number 1 has under 32 bytes"),
        ("1:", "number 1 has under 32 bytes"),
        ("1:AAAA", "number 1 has under 32 bytes"),
        ("1:" + "A" * 40 + "AA==", "number 1 has under 32 bytes"),
        ("1:" + "é" * 44, "number 1 is not base64"),
        ("9" * 5000 + ":" + "A" * 44, "write each as"),
        ("1:" + "A" * 43, "number 1 is not base64"),
        ("1:" + "A" * 20 + "-_" + "A" * 22, "number 1 is not base64"),
        ("1:" + "A" * 20 + " " + "A" * 24, "number 1 is not base64"),
        ("1:" + "A" * 44 + ",2:!" + "A" * 43, "number 2 is not base64"),
        ("1:" + "A" * 44 + ",1:" + "B" * 44, "a number is given twice"),
        ("1:" + "A" * 44 + ",01:" + "B" * 44, "a number is given twice"),
    ],
)
def test_what_cannot_be_read_is_told(settings, text, message):
    settings.DIGEST_KEYS = text
    with pytest.raises(digests.InvalidDigestKeys, match=message):
        digests.loaded()


@given(st.sampled_from(["{}", ":{}", "x:{}", "1{}", "1:{}!", "1:{}\0", "1:{}=", "1:{0},1:{0}", "2:{},one"]), st.data())
def test_no_error_holds_the_text_of_a_key(form, data):
    key = base64.b64encode(data.draw(st.binary(min_size=33, max_size=47).filter(lambda key: len(key) % 3))).decode()
    try:
        digests._parse(form.format(key))
    except digests.InvalidDigestKeys as fault:
        told = "".join(traceback.format_exception(fault))
        assert not any(key[place : place + 6] in told for place in range(len(key) - 6))
    else:
        pytest.fail("this should not have been read")


@given(st.dictionaries(st.integers(1, 32767), st.binary(min_size=32, max_size=80), min_size=1))
def test_whatever_was_written_is_read_back(keys):
    assert (
        digests._parse(",".join(f"{number}:{base64.b64encode(key).decode()}" for number, key in keys.items())) == keys
    )


def test_a_new_key_of_ours_is_one_that_can_be_read():
    from chartero.deployment.secrets import new_digest_key

    assert {number: len(key) for number, key in digests._parse(new_digest_key()).items()} == {1: 32}


SHORT = base64.b64encode(bytes(range(numbered.MINIMUM_BYTES - 1))).decode()


SECRET = base64.b64encode(bytes(range(numbered.MINIMUM_BYTES))).decode()


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"0:{SECRET}", False),
        (f"1:{SECRET}", True),
        (f"32767:{SECRET}", True),
        (f"32768:{SECRET}", False),
        (f"00001:{SECRET}", True),
        (f"000001:{SECRET}", False),
        (f"1:{SHORT}", False),
    ],
)
def test_the_number_and_the_length_of_a_digest_key(text, read):
    if read:
        assert len(digests._parse(text)) == 1
        return
    with pytest.raises(digests.InvalidDigestKeys):
        digests._parse(text)


@pytest.mark.parametrize(("set_to", "active"), [(0, 10), (1, 1), (2, 2), (10, 10), (3, 10)])
def test_a_setting_may_name_the_active_one(settings, set_to, active):
    settings.ACTIVE_DIGEST_KEY = set_to
    assert digests.current() == active
    states = {number: digests.state(number) for number in (1, 2, 10, 3)}
    assert states == dict.fromkeys((1, 2, 10), "verify-only") | {active: "active", 3: "retired"}
