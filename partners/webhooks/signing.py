"""The headers of an attempt: what it is, and signatures over its time and body.

`ChartHero-Signature` has one signature, of the secret in force. Beside it are the headers of Standard Webhooks
(standardwebhooks.com), which can have several: those of all secrets that sign now.
"""

import base64
import hmac

from partners.models import WebhookDelivery

AGENT = "chartero-webhooks/1"


def headers(delivery: WebhookDelivery, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers of an attempt at a time in Unix seconds; raise DigestKeyUnavailable if nothing can sign."""
    event, endpoint = delivery.event, delivery.endpoint
    secrets = [endpoint.secret_bytes(each) for each in endpoint.signing_generations()]
    standard = b".".join([event.public_id.encode(), str(timestamp).encode(), body])
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "ChartHero-Event-Id": event.public_id,
        "ChartHero-Delivery-Id": delivery.public_id,
        "ChartHero-Timestamp": str(timestamp),
        "ChartHero-Webhook-Version": event.api_version,
        "ChartHero-Signature": f"v1={hmac.digest(secrets[0], b'%d.%b' % (timestamp, body), 'sha256').hex()}",
        "webhook-id": event.public_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_standard(secret, standard) for secret in secrets),
    }


def _standard(secret: bytes, signed: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode('ascii')}"
