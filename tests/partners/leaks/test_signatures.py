"""Signatures of secret scanning: who signed the body, and nothing else."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from partners.leaks import signatures
from tests.partners.support.scanner import Scanner, written

BODY = b'[{"token": "x"}]'


@pytest.fixture
def scanner(settings) -> Scanner:
    return Scanner(settings)


def test_what_the_scanner_signed_is_valid(scanner):
    assert signatures.is_valid(BODY, scanner.identifier, scanner.sign(BODY))


def test_a_signature_of_the_scanners_documentation_is_valid(settings):
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq"
        "kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA=="
    )
    settings.SECRET_SCANNING_KEYS = f"90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a:{key}"
    signature = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc="
    body = b'[{"token":"some_token","type":"some_type","url":"some_url"}]'
    assert signatures.is_valid(body, settings.SECRET_SCANNING_KEYS.partition(":")[0], signature)
    assert not signatures.is_valid(body + b"\n", settings.SECRET_SCANNING_KEYS.partition(":")[0], signature)


def test_anything_else_is_not(scanner):
    right = scanner.sign(BODY)
    for body, identifier, signature in (
        (BODY + b" ", scanner.identifier, right),
        (BODY, "another", right),
        (BODY, "", right),
        (BODY, scanner.identifier, ""),
        (BODY, scanner.identifier, "no base64"),
        (BODY, scanner.identifier, base64.b64encode(b"no signature").decode()),
        (BODY, scanner.identifier, scanner.sign(BODY, ec.generate_private_key(ec.SECP256R1()))),
    ):
        assert not signatures.is_valid(body, identifier, signature)


def test_each_of_several_keys_is_accepted(settings):
    first, second = Scanner(settings), Scanner(settings, identifier="second")
    settings.SECRET_SCANNING_KEYS = f" {first.setting} ,{second.setting},"
    for scanner in (first, second):
        assert signatures.is_valid(BODY, scanner.identifier, scanner.sign(BODY))


def test_a_key_that_can_not_be_used_is_refused(settings):
    for text in (
        "no key",
        "one:no base64",
        f"one:{base64.b64encode(b'no key').decode()}",
        written("one", ec.generate_private_key(ec.SECP384R1())),
        written("one", ed25519.Ed25519PrivateKey.generate()),
    ):
        settings.SECRET_SCANNING_KEYS = text
        with pytest.raises(signatures.InvalidScanningKeys):
            signatures.loaded()
