"""`manage.py seal_keys`: report the keys that sign and verify seals, or make a new one."""

import base64
import secrets
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count

from partners.keys import seal_keys
from partners.management import output
from partners.management.base import ReportCommand
from partners.management.files import destination
from partners.models import Seal

COLUMNS = ["NUMBER", "STATE", "SEALS", "PUBLIC KEY"]


class Command(ReportCommand):
    """Report each key by its number, with its public part, or write a new private key to a file."""

    help = (
        "Report each key that is loaded or that signed a seal: whether it signs, verifies or is missing, how many "
        "seals it signed, and its public key, which may be given to anybody. With --new, write a private key with the "
        "next number to a new file with mode 0600."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", metavar="FILE", help="make a private key and write it to this new file")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Return the keys, and the number of the new one."""
        counted = Seal.objects.order_by().values("key_number").annotate(seals=Count("number"))
        seals = {row["key_number"]: row["seals"] for row in counted}
        public = seal_keys.public()
        numbers = sorted({*public, *seals})
        report = {"seal_keys": [_entry(number, seals.get(number, 0)) for number in numbers]}
        return report | ({"new": _make(max(numbers, default=0) + 1, options["new"])} if options["new"] else {})

    def lines(self, report: dict[str, Any]) -> list[str]:
        """Return a table with one line for each key, and where the new one is."""
        rows = [[output.plain(value) for value in entry.values()] for entry in report["seal_keys"]]
        listed = output.table([COLUMNS, *rows]) if rows else ["No seal keys."]
        return [*listed, f"Key {report['new']} was written."] if "new" in report else listed


def _entry(number: int, seals: int) -> dict[str, Any]:
    public, private = seal_keys.public().get(number), seal_keys.private()
    state = "missing" if public is None else "signs" if number == max(private, default=0) else "verifies"
    return {"number": number, "state": state, "seals": seals, "public_key": public and seal_keys.written(public)}


def _make(number: int, path: str) -> int:
    key = base64.b64encode(secrets.token_bytes(seal_keys.LENGTH)).decode()
    with destination(path, None, new=True) as file:
        file.write(f"{number}:{key}\n")
    return number
