"""The generations of an endpoint's secret: the one in force, and the next one, if it is made already."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from partners.keys import digests, webhook_secrets


class SigningKeys(models.Model):
    """Which generation of the secret signs. Each names the digest key that it is derived from.

    The next one comes into force at `next_starts_at`, or when staff say so. `shown_generation` is the newest that was
    shown to somebody. Each is shown once.
    """

    public_id: Any
    generation = models.PositiveIntegerField(default=1, editable=False)
    digest_key_number = models.PositiveSmallIntegerField(editable=False)
    next_generation = models.PositiveIntegerField(null=True, editable=False)
    next_digest_key_number = models.PositiveSmallIntegerField(null=True, editable=False)
    next_starts_at = models.DateTimeField(null=True, editable=False)
    shown_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        abstract = True

    @staticmethod
    def next_is_whole(name: str) -> models.CheckConstraint:
        """Return the constraint that a next generation has a digest key, and comes after the one in force."""
        none = Q(next_generation=None, next_digest_key_number=None, next_starts_at=None)
        whole = Q(next_generation__gt=models.F("generation"), next_digest_key_number__isnull=False)
        return models.CheckConstraint(condition=none | whole, name=name)

    @property
    def newest_generation(self) -> int:
        return self.next_generation or self.generation

    @property
    def generation_in_force(self) -> int:
        return self.signing_generations()[0]

    @property
    def is_unshown(self) -> bool:
        """Return True if nobody has seen the newest secret."""
        return self.shown_generation < self.newest_generation

    @property
    def has_secret_seen(self) -> bool:
        """Return True if somebody has seen the secret in force, so that what is sent can be verified."""
        return self.shown_generation >= self.generation_in_force

    def require_unshown(self) -> None:
        """Raise ValidationError if somebody has seen the newest secret."""
        if not self.is_unshown:
            raise ValidationError("This secret was shown already. Make a new one instead.", code="shown")

    @property
    def has_next(self) -> bool:
        """Return True if a new secret was made that is not in force yet."""
        if self.next_generation is None:
            return False
        return self.next_starts_at is None or self.next_starts_at > timezone.now()

    def secret_bytes(self, generation: int) -> bytes:
        """Return the secret of one of the two generations; raise DigestKeyUnavailable without its digest key."""
        number = self.digest_key_number if generation == self.generation else self.next_digest_key_number
        return webhook_secrets.derive(self.public_id, generation, number or 0)

    def signing_generations(self) -> list[int]:
        """Return the generations that sign now: first the one in force, then the next one if it is only waiting."""
        if self.next_generation is None:
            return [self.generation]
        return [self.generation, self.next_generation] if self.has_next else [self.next_generation]

    def _renewed(self, starts_at: datetime | None, *, beside: bool) -> dict[str, Any]:
        """Return the values of a new generation. One that is still waiting is replaced, and never in force.

        A secret in force that nobody has seen is replaced at once, because nobody can verify with it.
        """
        newest, number = self.newest_generation + 1, digests.current()
        if not self.has_secret_seen or (starts_at is None and not beside):
            return _only(newest, number)
        in_force = {} if self.has_next or self.next_generation is None else self._in_force()
        following = {"next_generation": newest, "next_digest_key_number": number, "next_starts_at": starts_at}
        return in_force | following

    def _in_force(self) -> dict[str, Any]:
        """Return the values by which the next generation is the one in force."""
        return _only(self.newest_generation, self.next_digest_key_number or self.digest_key_number)


def _only(generation: int, digest_key: int) -> dict[str, Any]:
    following = {"next_generation": None, "next_digest_key_number": None, "next_starts_at": None}
    return {"generation": generation, "digest_key_number": digest_key} | following
