"""`manage.py restrict`: withhold a record from partners, or serve it again."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from encounters.models import Restriction
from encounters.restricting import find_subject, restriction_of
from partners.formats.moments import rfc3339
from partners.formats.spans import expiry
from partners.management.base import ChangeCommand
from partners.models.change import Change


class Command(ChangeCommand):
    """Restrict a patient, an encounter or a document, or lift its restriction."""

    help = (
        "Withhold a patient, an encounter or a document from partners, for good or until a date (45 CFR 164.522). From "
        "the next call on it is not listed, counted, found or announced. A restriction of a patient covers all their "
        "encounters, also those that are imported later. What was disclosed earlier stays in the accounting."
    )
    reason_required = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("record", metavar="ID", help="a pat_…, enc_… or doc_… id")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--until",
            metavar="WHEN",
            help="not for good: 90d, a date or a time. lift_restrictions ends it after that",
        )
        what.add_argument("--lift", action="store_true", help="end the restriction of this record")
        super().add_arguments(parser)

    def report(self, **options: Any) -> dict[str, Any]:
        """Restrict the record or lift its restriction, and report what that concerns."""
        subject, change = find_subject(options["record"].strip()), self.change(options)
        made = _lifted(subject, change) if options["lift"] else _imposed(subject, change, options["until"])
        return {
            made.kind: subject.public_id,
            "organization_id": made.organization.public_id,
            "encounters": made.encounters().count(),
            "encounters_withheld": made.encounters().exclude(restricted_at=None).count(),
            "restricted": made.ended_at is None,
            "until": rfc3339(made.until),
        }


def _imposed(subject: Any, change: Change, until: str | None) -> Restriction:
    return Restriction.impose(subject, change, until=None if until is None else expiry(until))


def _lifted(subject: Any, change: Change) -> Restriction:
    restriction = restriction_of(subject)
    if not restriction.lift(change):
        raise ValidationError("It had ended already.", code="ended_already")
    return restriction
