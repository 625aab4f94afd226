"""Secrets of a deployment: given by the environment, or made once in a private file for development."""

import base64
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path`, made there on first use: mode 0600, and one winner if two start at once."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def new_secret_key() -> str:
    """Return 64 random URL-safe characters (384 bits)."""
    return secrets.token_urlsafe(48)


def new_digest_key() -> str:
    """Return digest key number 1, random, 256 bits, as `CHARTERO_DIGEST_KEYS` writes it."""
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()
