import re
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from partners.signin.guards import totp
from tests.partners.support.person import app_code

SEED = "00112233445566778899aabbccddeeff00112233"
NOW = 1_800_000_010


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: NOW))


def at(seconds: int) -> str:
    return app_code(totp.secret(SEED), NOW + seconds)


@pytest.mark.parametrize(("late", "step"), [(-30, -1), (0, 0), (30, 1)])
def test_a_code_of_now_or_of_its_neighbours_matches(late, step):
    assert totp.matching_step(SEED, at(late)) == NOW // 30 + step


@pytest.mark.parametrize("late", [-60, 60, 3600])
def test_a_code_of_another_time_does_not(late):
    assert totp.matching_step(SEED, at(late)) is None


def test_a_step_that_was_used_does_not_match_again():
    step = totp.matching_step(SEED, at(0))
    assert totp.matching_step(SEED, at(0), after=step) is None
    assert totp.matching_step(SEED, at(-30), after=step) is None
    assert totp.matching_step(SEED, at(30), after=step) == step + 1


def test_blanks_in_a_code_do_not_matter():
    assert totp.matching_step(SEED, f" {at(0)[:3]} {at(0)[3:]} ") == NOW // 30


@pytest.mark.parametrize(
    "write",
    [
        lambda code: "",
        lambda code: code[:5],
        lambda code: code + "0",
        lambda code: f"+{code}",
        lambda code: f"-{code}",
        lambda code: code.translate({48 + digit: 0x660 + digit for digit in range(10)}),
        lambda code: f"{code[:3]}_{code[3:]}",
        lambda code: f"{code}\0",
    ],
)
def test_only_six_ascii_digits_are_a_code(write):
    assert totp.matching_step(SEED, write(at(0))) is None


def test_the_secret_is_not_the_seed_and_hangs_on_the_secret_key(settings):
    before = totp.secret(SEED)
    settings.SECRET_KEY += "another"
    assert re.fullmatch("[A-Z2-7]{32}", before)
    assert totp.secret(SEED) != before
    assert totp.secret(SEED) == totp.grouped(SEED).replace(" ", "")


def test_seeds_are_random():
    assert len({totp.new_seed() for _ in range(100)}) == 100


def test_what_the_app_reads_from_the_qr_code():
    url = urlsplit(totp.uri(SEED, "an invented:name&more"))
    assert (url.scheme, url.netloc) == ("otpauth", "totp")
    assert unquote(url.path) == "/chartero:an invented:name&more"
    assert parse_qs(url.query) == {"secret": [totp.secret(SEED)], "issuer": ["chartero"]}


def test_the_qr_code_needs_no_style_and_no_script():
    image = totp.qr_code(SEED, "invented").decode()
    assert image.startswith("<?xml")
    assert not re.search("style|script|class|href|data:", image)
