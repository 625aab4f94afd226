import base64
import hashlib
import hmac
import time

VERSIONS = {"2026-05-01"}
TOLERANCE = 300  # seconds


def is_genuine(headers, body: bytes, secret: str) -> bool:
    """Return True if the request was sent by the API within the last minutes. `body` is what arrived, byte for byte."""
    try:
        event_id = headers["ChartHero-Event-Id"]
        delivery_id = headers["ChartHero-Delivery-Id"]
        timestamp = headers["ChartHero-Timestamp"]
        version = headers["ChartHero-Webhook-Version"]
        signature = headers["ChartHero-Signature"]
    except KeyError:
        return False
    if not (event_id and delivery_id and timestamp and signature) or version not in VERSIONS:
        return False
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp[:12])) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = timestamp.encode() + b"." + body
    expected = "v1=" + hmac.new(key, signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), expected.encode())
