"""All faults, in the order in which they are run."""

from tests.faults.scenarios import clients, replicas, silence

SCENARIOS = [*silence.SCENARIOS, *replicas.SCENARIOS, *clients.SCENARIOS]
SHORT = ("backends stopped", "keys locked", "sessions left on a read-only server")
