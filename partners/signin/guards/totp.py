"""The codes of an authenticator app: TOTP (RFC 6238), six digits, a new one every 30 seconds.

The shared secret is not stored. It is derived from a random seed and the secret key of the deployment, so the database
alone gives no code away. If the secret key changes, every phone has to be set up again.
"""

import io
import re
import secrets
import time
from base64 import b32encode
from urllib.parse import quote, urlencode

import segno
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP

ISSUER = "chartero"
TOLERANCE = 1  # steps, before and after, for clocks that differ
_CODE = re.compile("[0-9]{6}")


def new_seed() -> str:
    """Return a random seed (160 bits)."""
    return secrets.token_hex(20)


def secret(seed: str) -> str:
    """Return the secret that is derived from a seed, in base32: 160 bits, as RFC 4226 recommends."""
    return b32encode(_key(seed)).decode()


def grouped(seed: str) -> str:
    """Return the secret as a person types it: groups of four characters."""
    text = secret(seed)
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def matching_step(seed: str, code: str, *, after: int = -1) -> int | None:
    """Return the time step of `code`, if it is later than `after` and close to now; None for any other code."""
    code = "".join(code.split())
    if not _CODE.fullmatch(code):
        return None
    totp = TOTP(_key(seed))
    totp.time = time.time()
    return totp.t() if totp.verify(int(code), TOLERANCE, after + 1) else None


def uri(seed: str, username: str) -> str:
    """Return the URI that an authenticator app reads from the QR code."""
    label = quote(f"{ISSUER}:{username}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret(seed), 'issuer': ISSUER})}"


def qr_code(seed: str, username: str) -> bytes:
    """Return the QR code as an SVG file, dark on light with a quiet zone, without styles (the CSP allows none)."""
    file = io.BytesIO()
    code = segno.make_qr(uri(seed, username), error="m")
    code.save(file, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return file.getvalue()


def _key(seed: str) -> bytes:
    return salted_hmac("partners.signin.totp", seed, algorithm="sha256").digest()[:20]
