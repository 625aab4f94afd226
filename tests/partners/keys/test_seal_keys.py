"""The keys of seals: several numbers, the highest signs, and a public key alone verifies."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partners.keys import seal_keys
from partners.keys.seal_keys import InvalidSealKeys, SealKeyUnavailable

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


def encoded(number: int, key: bytes) -> str:
    return f"{number}:{base64.b64encode(key).decode()}"


def public(key: bytes) -> str:
    return seal_keys.written(Ed25519PrivateKey.from_private_bytes(key).public_key())


@pytest.fixture(autouse=True)
def keys(settings):
    settings.SEAL_KEYS = f"{encoded(1, ONE)},{encoded(2, TWO)}"
    settings.SEAL_KEYS_FILE = settings.SEAL_PUBLIC_KEYS = ""
    return settings


def test_the_highest_number_signs_and_all_verify():
    assert seal_keys.current() == 2
    for number in (1, 2):
        assert seal_keys.is_signed(b"text", seal_keys.sign(b"text", number), number)
    assert not seal_keys.is_signed(b"text", seal_keys.sign(b"text", 1), 2)
    assert not seal_keys.is_signed(b"other", seal_keys.sign(b"text", 1), 1)
    assert not seal_keys.is_signed(b"text", seal_keys.sign(b"text", 1), 3)


def test_the_signature_is_that_of_rfc_8032(keys):
    """Section 7.1, test 2."""
    keys.SEAL_KEYS = encoded(1, bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    assert seal_keys.sign(b"\x72", 1).hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8f")


def test_a_public_key_alone_verifies_and_signs_nothing(keys):
    signature = seal_keys.sign(b"text", 1)
    keys.SEAL_KEYS, keys.SEAL_PUBLIC_KEYS = "", f"1:{public(ONE)}"
    assert seal_keys.is_signed(b"text", signature, 1)
    with pytest.raises(SealKeyUnavailable, match="CHARTERO_SEAL_KEYS"):
        seal_keys.current()


def test_keys_are_read_from_a_file_if_the_setting_is_empty(keys, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{encoded(4, ONE)}\n{encoded(5, TWO)}\n")
    keys.SEAL_KEYS, keys.SEAL_KEYS_FILE = "", str(file)
    assert seal_keys.current() == 5


@pytest.mark.parametrize(
    ("setting", "text", "why"),
    [
        ("SEAL_KEYS", "1:AAAA", "CHARTERO_SEAL_KEYS: number 1 has under 32 bytes"),
        ("SEAL_KEYS", encoded(1, ONE + TWO), "CHARTERO_SEAL_KEYS: number 1 does not have 32 bytes"),
        ("SEAL_PUBLIC_KEYS", "x:AAAA", "CHARTERO_SEAL_PUBLIC_KEYS: write each as <number>:<base64>"),
        ("SEAL_PUBLIC_KEYS", f"1:{public(TWO)}", "CHARTERO_SEAL_PUBLIC_KEYS: a number belongs to another private key"),
    ],
)
def test_what_cannot_be_read_says_which_setting_and_quotes_nothing(keys, setting, text, why):
    setattr(keys, setting, text)
    with pytest.raises(InvalidSealKeys) as refusal:
        seal_keys.public()
    assert str(refusal.value).startswith(why)
    assert text.partition(":")[2] not in str(refusal.value)


def test_a_bad_key_in_the_file_is_not_blamed_on_the_setting_that_is_empty(keys, tmp_path):
    (tmp_path / "keys").write_text(encoded(1, ONE + TWO))
    keys.SEAL_KEYS, keys.SEAL_KEYS_FILE = "", str(tmp_path / "keys")
    with pytest.raises(InvalidSealKeys, match=r"^CHARTERO_SEAL_KEYS_FILE: number 1 does not have 32 bytes$"):
        seal_keys.private()


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_refused(keys, tmp_path, content):
    keys.SEAL_KEYS, keys.SEAL_KEYS_FILE = "", str(tmp_path / "keys")
    if content:
        (tmp_path / "keys").write_bytes(content)
    with pytest.raises(InvalidSealKeys, match="CHARTERO_SEAL_KEYS_FILE"):
        seal_keys.private()
