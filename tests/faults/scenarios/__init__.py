"""All faults, in the order in which they are run."""

from tests.faults.scenarios import clients, clocks, kills, replicas, room, silence

SCENARIOS = [
    *silence.SCENARIOS,
    *replicas.SCENARIOS,
    *room.SCENARIOS,
    *clocks.SCENARIOS,
    *clients.SCENARIOS,
    *kills.SCENARIOS,
]
SHORT = ("backends stopped", "keys locked", "sessions left on a read-only server")
