"""Secrets for development: made once and kept in a private file. Other deployments set them in the environment."""

import base64
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path`, created on first use with mode 0600. Two processes can start at the same time."""
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
    """Return a random digest key of 256 bits with number 1, in the format of `CHARTERO_DIGEST_KEYS`."""
    return "1:" + base64.b64encode(secrets.token_bytes(32)).decode()
