"""`manage.py report_keys`: report every API key, for regular access reviews."""

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from django.core.management.base import CommandParser

from partners.finding.lookup import find_organization
from partners.formats import sheets
from partners.management.base import ReportCommand
from partners.management.files import destination
from partners.models import KeyState
from partners.review import key_report
from partners.review.key_report import COLUMNS, Review, Summary

MOST_DAYS = 36_500


class Writable(Protocol):
    """A stream that the report is written to."""

    def write(self, text: str, /) -> Any:
        """Write the text."""


class Command(ReportCommand):
    """Write a line for each API key, as CSV or JSON, and a summary."""

    help = (
        "Report every API key, oldest first: age, last use, last rotation, unused scopes, expiry, digest key. Secrets "
        "are never shown. A key must match all filters that you give. The summary goes to standard error if the report "
        "goes to standard output."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        idle, expiring = key_report.IDLE.days, key_report.EXPIRING.days
        states = [state.value for state in KeyState]
        parser.add_argument(
            "--organization", metavar="ORG", help="only keys of this organization: its id or exact name"
        )
        parser.add_argument("--state", choices=states, help="only keys in this state")
        days = partial(parser.add_argument, metavar="DAYS", nargs="?", type=_days)
        days("--idle", const=idle, help=f"only keys never used, or unused for DAYS days ({idle} if omitted)")
        days(
            "--expiring", const=expiring, help=f"only active keys that expire within DAYS days ({expiring} if omitted)"
        )
        parser.add_argument("--digest-key", metavar="N", type=int, help="only keys stored under this digest key")
        parser.add_argument("--unused-scopes", action="store_true", help="only keys with a scope that was never used")
        parser.add_argument("--output", metavar="FILE", help="write to this file; an existing file is replaced")
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Write the lines as they are read, then the summary."""
        review, summary = _review(options), Summary()
        lines = _counted(review.lines(), summary)
        with destination(options["output"], self.stdout) as file:
            (_write_json if options["json"] else _write_csv)(file, lines, summary)
        if options["output"] is not None:
            self.stdout.write(json.dumps(summary.facts()) if options["json"] else _told(summary))
        elif not options["json"]:
            self.stderr.write(_told(summary), style_func=str)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"enter a number of days from 0 to {MOST_DAYS:,}")
    return int(text)


def _review(options: dict[str, Any]) -> Review:
    name, state = options["organization"], options["state"]
    return Review(
        organization=None if name is None else find_organization(name),
        state=None if state is None else KeyState(state),
        idle=_span(options["idle"]),
        expiring=_span(options["expiring"]),
        digest_key=options["digest_key"],
        unused_scopes=options["unused_scopes"],
    )


def _span(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _counted(lines: Iterable[dict[str, Any]], summary: Summary) -> Iterator[dict[str, Any]]:
    for line in lines:
        summary.add(line)
        yield line


def _write_csv(file: Writable, lines: Iterable[dict[str, Any]], summary: Summary) -> None:
    for row in sheets.of_facts(COLUMNS, lines):
        file.write(row)


def _write_json(file: Writable, lines: Iterable[dict[str, Any]], summary: Summary) -> None:
    """Write one object with a key on each line. The summary comes last: it is known only after all keys are read."""
    separator = '{"keys": [\n'
    for line in lines:
        file.write(separator + json.dumps(line) + "\n")
        separator = ","
    opened = "" if summary.states else separator
    file.write(f'{opened}], "summary": {json.dumps(summary.facts())}}}\n')


def _told(summary: Summary) -> str:
    facts = summary.facts()
    if not facts["keys"]:
        return "No keys."
    states = ", ".join(f"{count:,} {state}" for state, count in facts["states"].items())
    digests = ", ".join(f"{each['keys']:,} under {each['number']} ({each['state']})" for each in facts["digest_keys"])
    plural = "" if facts["keys"] == 1 else "s"
    return f"{facts['keys']:,} key{plural}: {states}; {facts['idle']:,} idle. Digest keys: {digests}."
