"""The networks that a key may be used from, and what happens to calls from elsewhere."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from partners.formats import networks
from partners.models.change import Action, Change, ChangeEvent
from partners.names import readable, tidy

MOST = 50  # networks of one key
Named = tuple[str, str]  # a network and its name, as people write them
_NO_NAME = "Give this network a name, such as that of the office or the provider."


class NetworkMode(models.TextChoices):
    """What happens to calls from outside a key's allowed networks: nothing, a note on the record, or a refusal."""

    OFF = "off", "Off"
    WATCH = "watch", "Watch"
    ENFORCE = "enforce", "Enforce"


class AllowedNetwork(models.Model):
    """One network that a key may be used from. The facts of a call compare its bounds."""

    api_key = models.ForeignKey("partners.ApiKey", models.PROTECT, related_name="allowed_networks", db_index=False)
    network = models.CharField(max_length=networks.LONGEST)
    name = models.CharField(max_length=100, validators=[readable])
    lowest = models.BinaryField(max_length=networks.BYTES)
    highest = models.BinaryField(max_length=networks.BYTES)

    class Meta:
        default_permissions = ()
        ordering = ["lowest"]
        constraints = [
            models.UniqueConstraint(fields=["api_key", "network"], name="allowed_network_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="allowed_network_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.network} {self.name}"

    @property
    def span(self) -> tuple[bytes, bytes]:
        """Return the first and the last address, to compare with those of other networks."""
        return bytes(self.lowest), bytes(self.highest)

    @classmethod
    def listed(cls, named: Iterable[Named]) -> "list[AllowedNetwork]":
        """Return the unsaved rows of a list, in the order of addresses.

        Raise ValidationError with an error for each entry that is wrong, or else for each that overlaps the one before.
        """
        rows: list[AllowedNetwork] = []
        errors: list[ValidationError] = []
        for text, name in named:
            try:
                rows.append(cls._made(text, name))
            except ValidationError as refusal:
                errors.append(refusal)
        rows.sort(key=lambda row: row.span)
        errors = errors or [_overlap(one, other) for one, other in pairwise(rows) if other.span[0] <= one.span[1]]
        if len(rows) > MOST:
            errors.append(ValidationError(f"A key can have {MOST} networks at most.", code="too_many"))
        if errors:
            raise ValidationError(errors)
        return rows

    @classmethod
    def replace(cls, key: Any, rows: "Iterable[AllowedNetwork]") -> None:
        """Save these rows as the list of a key. Call it inside the `atomic()` block of the change."""
        cls.objects.filter(api_key=key).delete()
        names = ("network", "name", "lowest", "highest")
        values = [{name: getattr(row, name) for name in names} for row in rows]
        AllowedNetwork.objects.bulk_create([AllowedNetwork(api_key=key, **each) for each in values])

    @classmethod
    def _made(cls, text: str, name: str) -> "AllowedNetwork":
        network = networks.parse(text)
        lowest, highest = networks.bounds(network)
        row = cls(network=str(network), name=tidy(name), lowest=lowest, highest=highest)
        try:
            row.clean_fields(exclude={"api_key", "lowest", "highest"})
        except ValidationError as refusal:
            message = f"{network}: {' '.join(refusal.messages) if row.name else _NO_NAME}"
            raise ValidationError(message, code="invalid_name") from None
        return row


class Networked(models.Model):
    """A key that may be limited to some networks. `ApiKey` adds how a change is locked, made and recorded."""

    network_mode = models.CharField(max_length=7, choices=NetworkMode, default=NetworkMode.OFF, db_default="off")
    allowed_networks: Any

    class Meta:
        abstract = True

    def _locked_facts(self) -> dict[str, Any]:
        raise NotImplementedError

    def _update(self, action: Action, **values: Any) -> None:
        raise NotImplementedError

    def _subject(self) -> dict[str, Any]:
        raise NotImplementedError

    def set_networks(self, mode: str, rows: Iterable[AllowedNetwork], change: Change) -> bool:
        """Replace the allowed networks and their mode, effective from the next call. Return True if that changed any.

        `rows` come from `AllowedNetwork.listed()`. Raise ValidationError for a revoked key, and for a mode that needs a
        network.
        """
        if mode != NetworkMode.OFF and not rows:
            raise ValidationError("Add a network first, or turn the networks off.", code="no_networks")
        with transaction.atomic():
            self._locked_facts()
            before = self._network_facts()
            self._update(Action.NETWORKS_CHANGED, network_mode=mode)
            AllowedNetwork.replace(self, rows)
            after = self._network_facts()
            if after != before:
                ChangeEvent.record(Action.NETWORKS_CHANGED, change, **self._subject(), before=before, after=after)
        return after != before

    def _network_facts(self) -> dict[str, Any]:
        return {"network_mode": self.network_mode, "networks": list(map(str, self.allowed_networks.all()))}


def _overlap(one: AllowedNetwork, other: AllowedNetwork) -> ValidationError:
    """Return the error for two networks with an address in common: they are equal, or one holds the other."""
    if one.network == other.network:
        return ValidationError(f"{one.network} is listed twice.", code="twice")
    larger, smaller = (one, other) if other.span[1] <= one.span[1] else (other, one)
    return ValidationError(f"{larger.network} holds {smaller.network}. Remove one of them.", code="overlap")


def written(lines: Iterable[str]) -> list[Named]:
    """Return the networks in lines of a network, a space and its name. Blank lines are left out."""
    parts = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [(network, name[0].strip() if name else "") for network, *name in parts]
