"""`manage.py account_disclosures`: list to whom one patient's data was disclosed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from partners.accounting import sheet
from partners.accounting.disclosures import Accounting, Disclosed, Total
from partners.formats.moments import rfc3339
from partners.management import output
from partners.management.base import ChangeCommand
from partners.management.files import destination
from partners.management.periods import add_period, period
from partners.record.subjects import Restricted

STDOUT = "-"
SUMMARY = ["PURPOSE", "FIRST", "LAST", "NUMBER", "DISCLOSED"]
RESTRICTED = ["RESTRICTED", "SINCE", "UNTIL", "ENDED"]
LIST = ["TIME", "KEY", "LABEL", "PURPOSE", "REQUEST", "ENCOUNTERS", "DOCUMENT", "DISCLOSED"]


class Command(ChangeCommand):
    """Account for the disclosures of one patient's data."""

    help = (
        "Account for the disclosures of one patient's data (45 CFR 164.528): when, to whom, what and why. A summary "
        "comes first. Your request is added to the audit record before anything is printed."
    )
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--patient", metavar="ID", required=True, help="a pat_… id; never a name")
        add_period(parser)
        parser.add_argument("--csv", metavar="FILE", help="write a CSV file: a new file with mode 0600, or - to print")
        super().add_arguments(parser)

    def print_report(self, options: dict[str, Any]) -> None:
        """Print the report, or with `--csv -` the CSV file instead."""
        if options["csv"] != STDOUT:
            super().print_report(options)
        elif options["json"]:
            raise ValidationError("Use either --json or --csv -, not both.", code="two_forms")
        else:
            self._write(options, None)

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the summary, with the disclosures or the name of the file that contains them."""
        if options["csv"] is not None:
            return self._write(options, options["csv"])
        accounting = self._ask(options, "report")
        return _summary(accounting) | {"disclosures": [_disclosed(each) for each in accounting.disclosures()]}

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return the facts, the summary, then every disclosure."""
        restricted = report.pop("restrictions")
        summary, listed = report.pop("summary"), report.pop("disclosures", [])
        return [
            *super().lines(report),
            *(["", *output.table([RESTRICTED, *map(_cells, restricted)])] if restricted else []),
            *(["", *output.table([SUMMARY, *map(_cells, summary)])] if summary else []),
            *(["", *output.table([LIST, *map(_cells, listed)])] if listed else []),
        ]

    def _write(self, options: dict[str, Any], path: str | None) -> dict[str, Any]:
        with destination(path, self.stdout, new=True) as file:
            accounting = self._ask(options, "CSV")
            for line in sheet.lines(accounting, accounting.disclosures()):
                file.write(line)
        return _summary(accounting) | {"file": path}

    def _ask(self, options: dict[str, Any], form: str) -> Accounting:
        return Accounting.ask(self.change(options), options["patient"], period(options), form=form)


def _summary(accounting: Accounting) -> dict[str, Any]:
    return {
        "patient_id": accounting.patient_id,
        "recipient": accounting.organization.name,
        "organization_id": accounting.organization.public_id,
        "from": rfc3339(accounting.period.start),
        "to": rfc3339(accounting.period.end),
        "number": accounting.number,
        "restrictions": [_restricted(each) for each in accounting.restrictions],
        "summary": [_total(total) for total in accounting.totals],
    }


def _restricted(each: Restricted) -> dict[str, Any]:
    return {
        "restricted": each.public_id,
        "since": rfc3339(each.since),
        "until": rfc3339(each.until),
        "ended_at": rfc3339(each.ended_at),
    }


def _total(total: Total) -> dict[str, Any]:
    return {
        "purpose": total.purpose,
        "first": rfc3339(total.first),
        "last": rfc3339(total.last),
        "number": total.number,
        "disclosed": total.what,
    }


def _disclosed(each: Disclosed) -> dict[str, Any]:
    return {
        "disclosed_at": rfc3339(each.occurred_at),
        "key": each.key.quotable,
        "key_label": each.key.label,
        "purpose": each.purpose,
        "request_id": each.request_id,
        "encounter_ids": each.encounters,
        "document_id": each.document,
        "disclosed": each.what,
    }


def _cells(row: dict[str, Any]) -> list[str]:
    return [output.plain(value) for value in row.values()]
