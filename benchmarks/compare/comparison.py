"""One database: its candidates on their best servers, found to agree, and measured in rounds."""

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg

from benchmarks.compare import agreement, memory
from benchmarks.compare.aims import DETAIL, LARGE, SMALL
from benchmarks.compare.candidates import AS_SHIPPED, CANDIDATES
from benchmarks.compare.load import Call
from benchmarks.compare.report import Section
from benchmarks.compare.rounds import Rounds
from benchmarks.compare.serving import LIST, Site, served
from benchmarks.compare.trial import best_server

IDS, COMPARED = 20_000, 200  # encounters that are asked for, and those that all candidates must answer alike
SERVED = """
SELECT public_id FROM encounters_encounter WHERE organization_id = 1 AND record_class = 'clinical'
AND withdrawn_at IS NULL ORDER BY random() LIMIT
"""


def compare(site: Site, database: str, rounds: Rounds, say: Callable[[str], None]) -> tuple[Section, list[float]]:
    """Return what came of the rounds, and the peak memory of chartero's workers afterwards."""
    keys = {own: site.keys(agreement.CALLERS, own=own) for own in (False, True)}
    ids = some_ids(site.url)
    calls = asked(site.folder, ids)
    servers = {}
    for each in CANDIDATES[database.lower()]:
        servers[each.name] = best_server(rounds, site, each, keys[each.own_keys], (calls[0], calls[-1]))
        say(f"{database}: {each.name} runs on {next(iter(servers[each.name])).name}")
    with served(site, AS_SHIPPED, AS_SHIPPED.servers[0], keys[False]) as shipped:
        with ExitStack() as others:
            services = [shipped]
            for each in CANDIDATES[database.lower()][1:]:
                best = next(iter(servers[each.name]))
                services.append(others.enter_context(served(site, each, best, keys[each.own_keys])))
            agreement.check(services, random.sample(ids, COMPARED))
            say(f"{database}: all agree")
            outcome = rounds.run(services, calls, say)
        peaks = memory.peaks(shipped, calls, rounds.seconds)
    return Section(database, outcome, servers), peaks


def some_ids(url: str) -> list[str]:
    """Return some encounters of the large organization."""
    statement = f"{SERVED} {IDS}"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            return [public_id for (public_id,) in file.execute(statement)]
    with psycopg.connect(url) as connection:
        return [public_id for (public_id,) in connection.execute(statement)]


def asked(folder: Path, ids: Sequence[str]) -> list[Call]:
    """Return the calls that are measured; their paths lie in files, as wrk reads them."""
    paths_of = {
        LARGE: ("large", [f"{LIST}?limit=25"]),
        SMALL: ("small", [f"{LIST}?limit=25"]),
        DETAIL: ("large", [f"{LIST}/{each}" for each in ids]),
    }
    calls = []
    for number, (name, (caller, paths)) in enumerate(paths_of.items()):
        file = folder / f"paths-{number}"
        file.write_text("\n".join(paths) + "\n")
        calls.append(Call(name, caller, file))
    return calls
