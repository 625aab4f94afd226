"""`manage.py lift_restrictions`: end the restrictions whose date has passed."""

from dataclasses import replace
from typing import Any

from encounters.restricting import lift_due
from partners.management.base import ChangeCommand


class Command(ChangeCommand):
    """End restrictions after their date."""

    help = (
        "End the restrictions whose date has passed, by the database's clock. Until this has run, what they cover "
        "stays withheld everywhere. Run it every few minutes."
    )

    def report(self, **options: Any) -> dict[str, Any]:
        """Lift what is due, and report how many restrictions ended."""
        change = self.change(options)
        return {"lifted": lift_due(replace(change, reason=change.reason or "Its date has passed."))}
