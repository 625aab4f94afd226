"""A secret scanner: its key, and the messages that it signs."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client

PATH = "/secret-scanning/github"


def written(identifier: str, key: Any) -> str:
    """Return a key as the setting has it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"{identifier}:{base64.b64encode(der).decode()}"


class Scanner:
    """A scanner that the deployment knows."""

    def __init__(self, settings, identifier: str = "first") -> None:
        self.identifier = identifier
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.setting = settings.SECRET_SCANNING_KEYS = written(identifier, self.key)

    def sign(self, body: bytes, key: Any = None) -> str:
        """Return the signature of a body."""
        return base64.b64encode((key or self.key).sign(body, ec.ECDSA(SHA256()))).decode()

    def send(self, items: Any, *, signature: str | None = None, **extra: Any) -> HttpResponse:
        """Send a message as GitHub does, and return the answer."""
        body = items if isinstance(items, bytes) else json.dumps(items).encode()
        headers = {
            "Github-Public-Key-Identifier": self.identifier,
            "Github-Public-Key-Signature": self.sign(body) if signature is None else signature,
        }
        return Client(raise_request_exception=False).post(
            PATH, body, content_type="application/json", headers=headers, **extra
        )


def alert(token: str, **values: Any) -> dict[str, Any]:
    """Return one match of the scanner."""
    url = "https://git.example.com/invented/blob/1/sync.env"
    return {"token": token, "type": "chartero_api_key", "url": url, "source": "commit"} | values
