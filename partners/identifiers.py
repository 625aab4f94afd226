"""Opaque public identifiers: a prefix that names the kind, then 22 random base62 characters (131 bits)."""

import re
import secrets
import string
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
LENGTH = 22
# A byte stands for the character of its remainder; those above the last multiple of 62 would favour the first ones.
_CHARACTERS = bytes(ord(BASE62[byte % 62]) for byte in range(256))
_UNFAIR = bytes(range(4 * 62, 256))
_ANY = re.compile(rf"[a-z]{{3}}_[0-9A-Za-z]{{{LENGTH}}}")


def random_base62(length: int) -> str:
    """Return that many characters of base62 from the system's secure source: 5.95 bits each."""
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(2 * length).translate(_CHARACTERS, _UNFAIR)
    return text[:length].decode("ascii")


def new_id(prefix: str) -> str:
    """Return a new identifier, `<prefix>_<22 base62 characters>`."""
    return f"{prefix}_{random_base62(LENGTH)}"


def pattern(prefix: str) -> str:
    """Return the shape of an identifier as a regular expression, without anchors."""
    return rf"{prefix}_[0-9A-Za-z]{{{LENGTH}}}"


def matcher(prefix: str) -> Callable[[str], bool]:
    """Return a test for the shape of an identifier; what fails it is no identifier and does not exist."""
    shape = re.compile(pattern(prefix))
    return lambda text: shape.fullmatch(text) is not None


def is_id(text: str) -> bool:
    """Tell whether `text` has the shape of an identifier of any kind."""
    return _ANY.fullmatch(text) is not None


class PublicIdField(models.CharField):
    """A public identifier, made by itself and compared by code point on every database.

    Its model declares the uniqueness as a constraint: `unique=True` would cost PostgreSQL a second index for LIKE.
    """

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options.setdefault("max_length", len(prefix) + 1 + LENGTH)
        options.setdefault("default", partial(new_id, prefix))
        super().__init__(**({"editable": False} | options))

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Leave out of the migrations what follows from the prefix."""
        name, path, args, options = super().deconstruct()
        for derived in ("max_length", "default"):
            options.pop(derived, None)
        return name, path, args, options | {"prefix": self.prefix}

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        """Ask PostgreSQL for the order by code point that SQLite has anyway."""
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters
