"""Which server serves a candidate best: each that it is tried on gets the same short slices."""

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import geometric_mean

from benchmarks.compare.candidates import Candidate, Server
from benchmarks.compare.load import Call
from benchmarks.compare.rounds import CONNECTIONS, Rounds
from benchmarks.compare.serving import Site, served


def best_server(
    rounds: Rounds, site: Site, candidate: Candidate, tokens: Mapping[str, str], calls: Sequence[Call]
) -> dict[Server, float]:
    """Return what a candidate reaches on each of its servers, relative to the best, which comes first.

    Without a trial, or with one server alone, that is the first one.
    """
    if not rounds.trial or len(candidate.servers) == 1:
        return {candidate.servers[0]: 1.0}
    reached = {}
    for server in candidate.servers:
        with served(site, candidate, server, tokens) as service:
            slices = [rounds.tries(service, *each, rounds.trial)[-1] for each in product(calls, CONNECTIONS)]
        reached[server] = geometric_mean(max(1.0, each.per_second) for each in slices)
    best = max(reached.values())
    ordered = sorted(reached.items(), key=lambda pair: -pair[1])
    return {server: rate / best for server, rate in ordered}
