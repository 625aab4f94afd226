"""The options of a command that ask for a period: `--from` and `--to`."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.accounting.periods import Period
from partners.formats.spans import bound


def add_period(parser: CommandParser) -> None:
    """Add the options."""
    days = "a day in UTC, or an RFC 3339 date-time"
    first, last = _argument(bound), _argument(partial(bound, last=True))
    parser.add_argument("--from", dest="since", metavar="WHEN", type=first, help=f"{days} (default: six years ago)")
    parser.add_argument("--to", dest="until", metavar="WHEN", type=last, help=f"{days} (default: now)")


def period(options: dict[str, Any]) -> Period:
    """Return the period that the options name; raise ValidationError if it isn't allowed."""
    return Period.of(options["since"], options["until"])


def _argument(read: Callable[[str], datetime]) -> Callable[[str], datetime]:
    """Return a parser whose error argparse shows together with the option's name."""

    def argument(text: str) -> datetime:
        try:
            return read(text)
        except ValidationError as refusal:
            raise ArgumentTypeError(" ".join(refusal.messages)) from None

    return argument
