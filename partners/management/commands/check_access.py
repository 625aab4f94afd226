"""`manage.py check_access`: explain why a call fails."""

from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.forms import GenericIPAddressField

from partners.catalogue.remedies import REMEDIES
from partners.decision.policy import Check
from partners.diagnosis.callers import Credentials, Holder, Sent
from partners.diagnosis.calls import diagnose
from partners.diagnosis.request_lines import RequestLine
from partners.finding.lookup import find_key
from partners.management.base import ReportCommand
from partners.management.files import standard_input


class Command(ReportCommand):
    """Print every check of a call in order, the response the partner would get, and which checks would fail next."""

    help = (
        "Explain why a call fails: every check in order, the response that the partner would get, and which checks "
        "would fail next. It decides exactly as the API does, but serves and records nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        credentials = parser.add_mutually_exclusive_group(required=True)
        credentials.add_argument("--key", help="a public part or a key_… id: check a call with this key")
        credentials.add_argument(
            "--token-stdin",
            action="store_true",
            help="read the token from standard input, so that it never appears on the command line",
        )
        parser.add_argument(
            "--request", required=True, help="the call, for example 'GET /external/v1/encounters?limit=500'"
        )

        parser.add_argument(
            "--from",
            dest="address",
            metavar="ADDRESS",
            help="the IP address that the call comes from, for a key with allowed networks",
        )

    def report(self, **options: Any) -> dict[str, Any]:
        caller, address = self._caller(options["key"]), _address(options["address"])
        diagnosis = diagnose(RequestLine.parse(options["request"]), partial(caller.facts, address=address))
        refusal = diagnosis.refusal
        return {
            "status": diagnosis.status,
            "reason_code": refusal and refusal.reason.code,
            "fixed_by": refusal and REMEDIES[refusal.reason].fixer.value,
            "body": diagnosis.body,
            "checks": [_plain(check) for check in diagnosis.checks],
            "later": [_plain(check) for check in diagnosis.later],
        }

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return one line per check, then the answer."""
        body = report["body"]
        answer = f"Answer: {report['status']} {report['reason_code'] or 'OK'}" + (
            f" – {body['message']} {report['fixed_by']} can fix it." if body else ""
        )
        later = ", ".join(check["reason_code"] for check in report["later"])
        width = max(len(check["reason_code"]) for check in report["checks"])
        return [
            *(_line(check, width) for check in report["checks"]),
            "",
            answer,
            *([f"Once that is fixed, it would fail with: {later}"] if later else []),
        ]

    def _caller(self, key: str | None) -> Credentials:
        return Sent(f"Bearer {standard_input().readline().strip()}") if key is None else Holder(find_key(key))


def _address(text: str | None) -> str | None:
    return text and GenericIPAddressField(unpack_ipv4=True).clean(text)


def _plain(check: Check) -> dict[str, str | None]:
    return {"reason_code": check.reason.code, "outcome": check.outcome.value, "field": check.field}


def _line(check: dict[str, str | None], width: int) -> str:
    mark = {"passed": "pass", "failed": "FAIL", "unknown": "–   "}[check["outcome"] or ""]
    field = f"  ({check['field']})" if check["field"] else ""
    return f"{mark}  {check['reason_code']:<{width}}{field}".rstrip()
