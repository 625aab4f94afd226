"""Secrets of a deployment, each with a number: `1:<base64 of 32 bytes or more>,2:<…>`."""

import base64

MINIMUM_BYTES = 32


class InvalidNumberedKeys(ValueError):
    """The text can't be parsed. The message says why and contains no key."""


def parsed(text: str) -> dict[int, bytes]:
    """Return the keys by number; raise InvalidNumberedKeys if the text can't be parsed."""
    numbered = [_numbered(part.strip()) for part in text.split(",") if part.strip()]
    if len(dict(numbered)) < len(numbered):
        raise InvalidNumberedKeys("a number is given twice")
    return dict(numbered)


def _numbered(part: str) -> tuple[int, bytes]:
    number, _, encoded = part.partition(":")
    if not (len(number) <= 5 and number.isascii() and number.isdigit() and 0 < int(number) < 2**15):
        raise InvalidNumberedKeys("write each as <number>:<base64>, the number from 1 to 32767")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise InvalidNumberedKeys(f"number {int(number)} is not base64") from None
    if len(key) < MINIMUM_BYTES:
        raise InvalidNumberedKeys(f"number {int(number)} has under {MINIMUM_BYTES} bytes")
    return int(number), key
