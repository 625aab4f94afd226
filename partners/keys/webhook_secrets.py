"""The secrets of webhook endpoints. They are stored nowhere: each is derived from a digest key when it is needed.

An endpoint has one secret for each generation. Its 32 bytes are the HMAC key of every signature, also of those that
Standard Webhooks defines. Partners get them as `whsec_` and base64, which is the form that its libraries take.
"""

import base64
import hmac

from partners.keys import digests
from partners.keys.digests import DigestKeyUnavailable

PREFIX = "whsec_"


def derive(endpoint_id: str, generation: int, digest_key: int) -> bytes:
    """Return the secret of a generation; raise DigestKeyUnavailable if its digest key is not loaded.

    No token begins like the text that is digested, so a secret is never the digest of an API key.
    """
    keys = digests.loaded()
    if digest_key not in keys:
        raise DigestKeyUnavailable(f"Digest key {digest_key} is not loaded; add it to CHARTERO_DIGEST_KEYS.")
    return hmac.digest(keys[digest_key], f"webhook-secret.{endpoint_id}.{generation}".encode("ascii"), "sha256")


def shown(secret: bytes) -> str:
    """Return a secret as partners get it."""
    return PREFIX + base64.b64encode(secret).decode("ascii")
