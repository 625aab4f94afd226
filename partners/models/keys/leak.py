"""Keys that were found where they should not be: the place, what the text proved, and whether the partner was told."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone

from partners.models.change import Action, Change, ChangeEvent
from partners.text import printable

if TYPE_CHECKING:
    from partners.models.keys.key import ApiKey

LONGEST_PLACE = 500


class Proof(Enum):
    """What a text proves about a key, the best proof first: the code that is stored, a few words, and a sentence."""

    WHOLE = "whole", "whole token", "The text contains this key's whole token, and its secret is right."
    UNVERIFIED = (
        "unverified",
        "whole token, not verified",
        "The text contains a whole token with this key's public part. Its secret could not be verified, "
        "because the key's digest key is not loaded.",
    )
    MISMATCH = (
        "mismatch",
        "wrong secret",
        "The text contains a whole token with this key's public part, but with another secret.",
    )
    PUBLIC_PART = (
        "public_part",
        "public part",
        "The text contains this key's public part. Its secret was not verified: no whole token was found. "
        "If more of the token follows the public part, treat the key as leaked.",
    )

    def __init__(self, code: str, words: str, sentence: str) -> None:
        self.code = code
        self.words = words
        self.sentence = sentence

    @classmethod
    def coded(cls, code: str) -> "Proof":
        return next(each for each in cls if each.code == code)

    @property
    def rank(self) -> int:
        """Return how many proofs are better than this one."""
        return [*Proof].index(self)


class KeyLeak(models.Model):
    """A place where a key was found. It is reported once for each place, and again if a later text proves more."""

    api_key = models.ForeignKey("partners.ApiKey", models.PROTECT, related_name="leaks", db_index=False)
    place = models.CharField("where it was found", max_length=LONGEST_PLACE, validators=[printable])
    proof = models.CharField(max_length=11)
    reported_at = models.DateTimeField(default=timezone.now, editable=False)
    notified_at = models.DateTimeField("contact notified", null=True, editable=False)

    class Meta:
        ordering = ["-reported_at", "-pk"]
        default_permissions = ()
        permissions = [("report_keyleak", "Can report API keys as leaked")]
        constraints = [models.UniqueConstraint(fields=["api_key", "place"], name="key_leak_once_a_place")]
        indexes = [models.Index(fields=["reported_at", "id"], name="key_leak_newest")]

    def __str__(self) -> str:
        return self.place

    @property
    def found(self) -> Proof:
        return Proof.coded(self.proof)

    @classmethod
    def report(cls, key: "ApiKey", change: Change, *, place: str, proof: Proof) -> "tuple[KeyLeak, bool]":
        """Record that a key was found in a place. Return that, and True unless as much was on record already.

        Raise ValidationError without a reason, or for a bad place.
        """
        change.require_reason()
        given = cls(api_key=key, place=place.strip(), proof=proof.code)
        given.clean_fields(exclude={"api_key"})
        with transaction.atomic():
            leak, is_new = cls.objects.select_for_update(no_key=True).get_or_create(
                api_key=key, place=given.place, defaults={"proof": proof.code, "reported_at": given.reported_at}
            )
            if not is_new and proof.rank < leak.found.rank:
                is_new, leak.proof = True, proof.code
                leak.save(update_fields=["proof"])
            if is_new:
                after = {"found_in": leak.place, "found": proof.words}
                ChangeEvent.record(Action.KEY_LEAKED, change, organization=key.organization, api_key=key, after=after)
        return leak, is_new

    def note_notified(self, when: datetime) -> None:
        """Note that the partner's contact was told."""
        self.notified_at = when
        self.save(update_fields=["notified_at"])
