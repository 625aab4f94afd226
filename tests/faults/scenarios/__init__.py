"""All faults, in the order in which they are run."""

from tests.faults.scenarios import clients, clocks, kills, pooled, replicas, room, silence

SCENARIOS = [
    *silence.SCENARIOS,
    *replicas.SCENARIOS,
    *room.SCENARIOS,
    *pooled.SCENARIOS,
    *clocks.SCENARIOS,
    *clients.SCENARIOS,
    *kills.SCENARIOS,
]
SHORT = ("backends stopped", "keys locked", "sessions left on a read-only server")
