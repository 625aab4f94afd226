"""`manage.py report_leak`: find the keys in a text that leaked, say what each read, and report them."""

from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.views.decorators.debug import sensitive_variables

from partners.diagnosis.pasted import Match, Pasted, keys_in_pieces
from partners.formats.moments import rfc3339
from partners.leaks import mail, reporting, sheet
from partners.leaks.reads import Reads
from partners.leaks.reporting import Outcome, Response
from partners.management import output
from partners.management.base import ChangeCommand
from partners.management.files import destination, standard_input
from partners.management.periods import add_period, period

STDIN = "-"
READ_AT_ONCE = 64 * 1024  # characters
COLUMNS = ["KEY", "LABEL", "ORGANIZATION", "FOUND", "STATE", "PATIENTS", "ENCOUNTERS", "DOCUMENTS", "NETWORKS", "DONE"]


class Command(ChangeCommand):
    """Find and report leaked keys."""

    help = (
        "Find the API keys in a text of any size, and say how much each of them read. The text is never kept, and your "
        "request is added to the audit record. With --place, the keys whose whole token is in the text are reported as "
        "leaked. Keys of which it has only the public part are listed, but not changed."
    )
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the file to search, or - for standard input")
        parser.add_argument("--place", default="", help="report the keys as found here, for example a URL")
        response = parser.add_mutually_exclusive_group()
        for name, words in (("disable", "disable"), ("revoke", "revoke for good")):
            response.add_argument(
                f"--{name}",
                dest="response",
                action="store_const",
                const=Response(name),
                default=Response.NOTIFY,
                help=f"{words} the keys that are reported",
            )
        parser.add_argument("--notify", action="store_true", help="e-mail the contacts of the keys that are reported")
        parser.add_argument("--csv", metavar="FILE", help="write what the keys read to a new file with mode 0600")
        add_period(parser)
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the keys that were found, how much each read, and what was done about it."""
        if not options["place"] and (options["notify"] or options["response"] is not Response.NOTIFY):
            raise ValidationError("Say with --place where the keys were found.", code="place_required")
        change, asked = self.change(options), period(options)
        pasted = _search(options["file"])
        form = "report" if options["csv"] is None else "CSV"
        reads = [Reads.ask(change, match.key, asked, form=form) for match in pasted.matches]
        if options["csv"] is not None:
            self._write(options["csv"], reads)
        outcomes = self._respond(pasted, options) if options["place"] else {}
        problems = mail.notify([*outcomes.values()]) if options["notify"] else {}
        keys = [
            _facts(match, each, outcomes.get(match.key.pk), problems.get(match.key.pk, ""))
            for match, each in zip(pasted.matches, reads, strict=True)
        ]
        return {
            "keys": keys,
            "unknown_tokens": pasted.strangers,
            "from": rfc3339(asked.start),
            "to": rfc3339(asked.end),
        }

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with a line for each key."""
        rows = [[output.plain(value) for value in _cells(each)] for each in report["keys"]]
        told = [f"{each['key']}: {each['not_notified']}" for each in report["keys"] if each["not_notified"]]
        unknown = report["unknown_tokens"]
        return [
            *(output.table([COLUMNS, *rows]) if rows else ["No key of this deployment is in the text."]),
            *([f"Whole tokens that belong to no key of this deployment: {unknown}."] if unknown else []),
            *told,
        ]

    def _write(self, path: str, reads: list[Reads]) -> None:
        with destination(path, self.stdout, new=True) as file:
            for line in sheet.lines(*reads):
                file.write(line)

    def _respond(self, pasted: Pasted, options: dict[str, Any]) -> dict[int, Outcome]:
        findings = reporting.proved(pasted.matches, options["response"])
        outcomes = reporting.report(findings, self.change(options), place=options["place"])
        return {each.key.pk: each for each in outcomes}


@sensitive_variables()
def _search(path: str) -> Pasted:
    if path == STDIN:
        return keys_in_pieces(_read(TextIOWrapper(standard_input().buffer, encoding="utf-8", errors="replace")))
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return keys_in_pieces(_read(file))
    except OSError as fault:
        raise CommandError(f"The file can't be read: {fault.strerror}.") from None


def _read(file: Any) -> Iterator[str]:
    while text := file.read(READ_AT_ONCE):
        yield text


def _facts(match: Match, reads: Reads, outcome: Outcome | None, problem: str) -> dict[str, Any]:
    return {
        "key": match.key.quotable,
        "key_id": match.key.public_id,
        "label": match.key.label,
        "organization": match.key.organization and match.key.organization.name,
        "found": match.proof.code,
        "state": match.key.state.value,
        "calls": reads.calls,
        **{f"{kind}s": number for kind, number in reads.numbers.items()},
        "first": rfc3339(reads.first),
        "last": rfc3339(reads.last),
        "reported": outcome is not None,
        "done": outcome.done if outcome else "",
        "notified": outcome is not None and outcome.leak.notified_at is not None,
        "not_notified": problem,
    }


def _cells(facts: dict[str, Any]) -> list[Any]:
    numbers = [str(facts[name]) for name in ("patients", "encounters", "documents", "networks")]
    done = facts["done"] or ("reported" if facts["reported"] else "")
    return [facts["key"], facts["label"], facts["organization"], facts["found"], facts["state"], *numbers, done]
