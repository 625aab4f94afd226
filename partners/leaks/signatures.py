"""Signatures of secret scanning: ECDSA with P-256 and SHA-256 over the raw body, as GitHub signs what it sends."""

import base64
import binascii
from functools import cache
from typing import Any

from django.conf import settings


class InvalidScanningKeys(ValueError):
    """`CHARTERO_SECRET_SCANNING_KEYS` can't be parsed. The message says why."""


def loaded() -> dict[str, Any]:
    """Return the public keys by identifier; raise InvalidScanningKeys if the setting can't be parsed."""
    return _parse(settings.SECRET_SCANNING_KEYS)


def is_valid(body: bytes, identifier: str, signature: str) -> bool:
    """Return True if the holder of the key with this identifier signed the body."""
    # OpenSSL is loaded only by a deployment that needs it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    key = loaded().get(identifier)
    if key is None:
        return False
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


@cache
def _parse(text: str) -> dict[str, Any]:
    return dict(_key(part.strip()) for part in text.split(",") if part.strip())


def _key(part: str) -> tuple[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    identifier, _, encoded = part.partition(":")
    try:
        key = load_der_public_key(base64.b64decode(encoded, validate=True))
    except ValueError:
        raise InvalidScanningKeys("write each as <identifier>:<base64 of the public key>") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise InvalidScanningKeys("a key is not on the curve P-256")
    return identifier, key
