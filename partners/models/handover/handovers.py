"""Hand-overs found: those that wait, those of a key, and the one of a link."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from partners.keys import links
from partners.models.handover.fields import WAITING
from partners.models.keys.key import ApiKey

if TYPE_CHECKING:
    from partners.models.handover.row import KeyHandover


class KeyHandoverQuerySet(models.QuerySet["KeyHandover"]):
    """Find hand-overs."""

    def waiting(self) -> "KeyHandoverQuerySet":
        """Return those that were neither collected nor withdrawn."""
        return self.filter(WAITING)

    def about(self, key: ApiKey) -> "tuple[KeyHandover | None, KeyHandover | None]":
        """Return how a key was handed over, and the link to its successor that waits."""
        found = list(self.filter(Q(api_key=key) | (WAITING & Q(replaces=key))))
        came = [each for each in found if each.api_key_id == key.pk]
        return next(iter(came), None), next((each for each in found if each not in came), None)

    def of_link(self, token: str) -> "KeyHandover | None":
        """Return the hand-over of a link."""
        rows = self.select_related("organization", "replaces", "sender", "api_key", "endpoint")
        return rows.filter(token_digest=links.token_digest(token)).first()
