"""Numbered Ed25519 keys of seals (RFC 8032), held outside the database: private ones sign, public ones verify."""

import base64
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from partners.keys import numbered

LENGTH = 32  # bytes of a private key, and of a public one


class SealKeyUnavailable(Exception):
    """No private key is loaded, so nothing can be sealed."""


class InvalidSealKeys(ValueError):
    """The seal keys can't be read. The message names the setting, says why, and contains no key."""


def private() -> dict[int, Ed25519PrivateKey]:
    """Return the private keys by number; raise InvalidSealKeys if they can't be read."""
    return in_settings() if settings.SEAL_KEYS else _private("CHARTERO_SEAL_KEYS_FILE", _in_file())


def in_settings() -> dict[int, Ed25519PrivateKey]:
    """Return those private keys that are in the settings themselves. Only what seals can read the file."""
    return _private("CHARTERO_SEAL_KEYS", settings.SEAL_KEYS)


def public() -> dict[int, Ed25519PublicKey]:
    """Return every key that verifies, by number: those given alone and those of the private keys."""
    return _verifying(private())


def public_in_settings() -> dict[int, Ed25519PublicKey]:
    """Return those keys that verify and are in the settings themselves, for what doesn't open the file."""
    return _verifying(in_settings())


def _verifying(signing: dict[int, Ed25519PrivateKey]) -> dict[int, Ed25519PublicKey]:
    given = _public(settings.SEAL_PUBLIC_KEYS)
    derived = {number: key.public_key() for number, key in signing.items()}
    if any(given[number] != derived[number] for number in given.keys() & derived.keys()):
        raise InvalidSealKeys("CHARTERO_SEAL_PUBLIC_KEYS: a number belongs to another private key")
    return given | derived


def current() -> int:
    """Return the number of the key that signs: the highest. Raise SealKeyUnavailable without a private key."""
    if not private():
        raise SealKeyUnavailable("No seal key is loaded; set CHARTERO_SEAL_KEYS or CHARTERO_SEAL_KEYS_FILE.")
    return max(private())


def sign(statement: bytes, number: int) -> bytes:
    """Return the signature with the private key of this number."""
    return private()[number].sign(statement)


def is_signed(statement: bytes, signature: bytes, number: int) -> bool:
    """Return True if the key of this number made the signature. False too if the number is not known."""
    key = public().get(number)
    return key is not None and has_signed(key, statement, signature)


def has_signed(key: Ed25519PublicKey, statement: bytes, signature: bytes) -> bool:
    """Return True if the signature was made with the private part of this key."""
    try:
        key.verify(signature, statement)
    except InvalidSignature:
        return False
    return True


def written(key: Ed25519PublicKey) -> str:
    """Return a public key as `CHARTERO_SEAL_PUBLIC_KEYS` takes it, without its number."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def _in_file() -> str:
    """Return the text of the file of private keys, a key in each line or between commas; empty if none is named."""
    if not settings.SEAL_KEYS_FILE:
        return ""
    try:
        return ",".join(Path(settings.SEAL_KEYS_FILE).read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        raise InvalidSealKeys("CHARTERO_SEAL_KEYS_FILE: the file can't be read") from None


@cache
def _private(setting: str, text: str) -> dict[int, Ed25519PrivateKey]:
    return {number: Ed25519PrivateKey.from_private_bytes(key) for number, key in _parsed(setting, text)}


@cache
def _public(text: str) -> dict[int, Ed25519PublicKey]:
    keys = _parsed("CHARTERO_SEAL_PUBLIC_KEYS", text)
    return {number: Ed25519PublicKey.from_public_bytes(key) for number, key in keys}


def _parsed(setting: str, text: str) -> list[tuple[int, bytes]]:
    try:
        keys = numbered.parsed(text)
    except numbered.InvalidNumberedKeys as fault:
        raise InvalidSealKeys(f"{setting}: {fault}") from None
    for number, key in keys.items():
        if len(key) != LENGTH:
            raise InvalidSealKeys(f"{setting}: number {number} does not have {LENGTH} bytes")
    return [*keys.items()]
