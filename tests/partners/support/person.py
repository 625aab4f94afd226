"""Somebody who signs in, with what a browser and an authenticator app would do for them."""

import base64
import hmac
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "an invented passphrase"
ELSEWHERE = "203.0.113.9"
_SECRET = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
_RECOVERY_CODE = re.compile(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}")


def app_code(secret: str, at: float) -> str:
    """Return what an authenticator app shows: RFC 6238, written here a second time."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.digest(key, struct.pack(">Q", int(at) // 30), "sha1")
    (number,) = struct.unpack_from(">L", mac, mac[19] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


@dataclass
class Person:
    user: User
    clock: Any
    client: Client
    address: str = "127.0.0.1"
    secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)

    def get(self, path: str = "/admin/", **extra: Any):
        return self.client.get(path, REMOTE_ADDR=self.address, **extra)

    def post(self, path: str, **data: Any):
        return self.client.post(path, data, REMOTE_ADDR=self.address)

    def sign_in(self, password: str = PASSWORD, **data: Any):
        return self.post("/admin/login/", username=self.user.username, password=password, **data)

    def enrol(self, **data: Any):
        """Set up a phone, and write the recovery codes down."""
        self.secret = _SECRET.search(self.get("/signin/enrol/").text)[0]
        answer = self.post("/signin/enrol/", code=self.code(), **data)
        self.recovery_codes = _RECOVERY_CODE.findall(answer.text)
        return answer

    def code(self) -> str:
        """Return what the phone shows now."""
        return app_code(self.secret, self.clock.now)

    def give_code(self, code: str | None = None, **data: Any):
        return self.post("/signin/code/", code=self.code() if code is None else code, **data)

    def give_recovery_code(self, code: str):
        return self.post("/signin/recovery/", code=code)

    def wrong_code(self) -> str:
        """Return six digits that are none of the codes accepted about now."""
        near = {app_code(self.secret, self.clock.now + 30 * step) for step in range(-3, 4)}
        return next(f"{number:06}" for number in range(10) if f"{number:06}" not in near)

    def elsewhere(self) -> "Person":
        """Return the same person in another browser, a minute later, after name and password."""
        self.clock.now += 60
        other = Person(self.user, self.clock, Client(), ELSEWHERE, self.secret, self.recovery_codes)
        other.sign_in()
        return other
