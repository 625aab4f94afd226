"""`manage.py rotate_key`: replace an API key with a new one."""

from typing import Any

from django.core.management.base import CommandParser

from partners.finding.lookup import find_key
from partners.formats import moments
from partners.formats.spans import duration
from partners.keys.tokens import Token
from partners.management import handover, output
from partners.models import ApiKey, KeyHandover


class Command(handover.TokenCommand):
    """Rotate an API key and hand over its successor's token."""

    help = (
        "Issue a successor for a key, with the same organization, label and scopes. Both keys work during the overlap; "
        "then the old key expires. With a link, the overlap begins when the new key is collected. A key can be rotated "
        f"only once.{handover.HELP}"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", metavar="KEY", help="a key_… id or a public part; never a token")
        parser.add_argument(
            "--overlap",
            metavar="SPAN",
            default="24h",
            help="how long the old key still works, in hours or days (default: 24h; 0h: it stops working now)",
        )
        super().add_arguments(parser)

    def prepare(self, options: dict[str, Any]) -> KeyHandover:
        key, overlap = find_key(options["key"]), duration(options["overlap"])
        return KeyHandover.prepare_successor(self.change(options), None, key, overlap=overlap)

    def make(self, options: dict[str, Any]) -> tuple[ApiKey, Token]:
        key, overlap = find_key(options["key"]), duration(options["overlap"])
        return key.rotate(self.change(options), overlap=overlap)

    def describe(self, key: ApiKey) -> dict[str, Any]:
        """Return the successor, and when the key that it replaces expires."""
        replaced = ApiKey.objects.get(replaced_by=key)
        return output.of_key(key) | {
            "replaced_key_id": replaced.public_id,
            "replaced_expires_at": moments.rfc3339(replaced.expires_at),
        }
