"""From where a key is used: its networks with their last use, and the calls that its list would refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from partners.decision.address import network
from partners.formats import networks
from partners.models import AllowedNetwork, ApiKey, KeyNetwork
from partners.models.keys.allowed_network import MOST
from partners.record.traffic import WEEK

COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Outside:
    """Watched calls of the last 7 days that would have been refused: how many, and from how many networks."""

    calls: int
    networks: int

    @property
    def number(self) -> str:
        """Return the number of calls to show, `10,000+` if there may be more."""
        return f"{COUNTED:,}+" if self.calls > COUNTED else f"{self.calls:,}"


def outside(key: ApiKey) -> Outside:
    """Return the calls from outside a key's networks, of which the newest are counted."""
    calls = key.records.filter(outside_networks=True, occurred_at__gt=timezone.now() - WEEK).order_by("-occurred_at")
    addresses = list(calls.values_list("address", flat=True)[: COUNTED + 1])
    return Outside(len(addresses), len({network(address) for address in set(addresses)}))


def served_from(key: ApiKey) -> list[KeyNetwork]:
    """Return the networks from which calls with a key were served, the last first: as many as a list can have."""
    return list(key.networks.exclude(last_served_at=None).order_by(F("last_served_at").desc(), "-pk")[:MOST])


def is_listed(seen: KeyNetwork, rows: Sequence[AllowedNetwork]) -> bool:
    """Return True if all addresses of a network are in one of the allowed networks."""
    first, last = networks.bounds(networks.parse(seen.network))
    return any(row.span[0] <= first and last <= row.span[1] for row in rows)
