"""Is import_fhir at least three times as fast as what a team would put in its place? Both on the same files, in turn.

    python -m benchmarks.import_peers [ENCOUNTERS | FOLDER] [--rounds N] [--databases sqlite]

The peer is a textbook: fhir.resources validates each resource, Django's ORM writes, with `bulk_create` and
`update_conflicts` for 500 at a time, or with `update_or_create` for each. It keeps what is newer and lists what it
can't use, and does nothing else that chartero does. FOLDER holds the gzipped NDJSON files of a Bulk Data export with
its manifest; without one, an export is invented. Needs PostgreSQL's server.

In each round, each candidate gets an empty database and imports the files, the same files again, and files in which all
has changed, in turn with the others. After each run all must hold the same rows. Prints medians of the rates, and the
medians of the ratios within each round, by the clock and by the CPU time of Python and PostgreSQL.
"""

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import exports
from benchmarks.compare import candidates, cluster, product
from benchmarks.compare.cluster import Cluster
from benchmarks.compare.processes import ROOT, run, stop_on_signals
from benchmarks.import_peers import agreement

RUNS = ("first", "again", "changed")
SETTINGS = "benchmarks.import_peers.textbook.settings"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to import: its module with the arguments after the folder, and the statements that read its rows."""

    name: str
    module: str
    statements: Mapping[str, str]
    options: tuple[str, ...] = ()

    @property
    def is_peer(self) -> bool:
        return self.module != PRODUCT

    @property
    def short(self) -> str:
        """Return a name for its database."""
        return "_".join((self.module.rpartition(".")[2], *self.options))


PRODUCT, TEXTBOOK = "benchmarks.import_peers.product", "benchmarks.import_peers.textbook"
CANDIDATES = (
    Candidate("chartero", PRODUCT, agreement.PRODUCT),
    Candidate("textbook, in batches", TEXTBOOK, agreement.TEXTBOOK, ("batches",)),
    Candidate("textbook, row by row", TEXTBOOK, agreement.TEXTBOOK, ("rows",)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where candidates run: the peers' interpreter, and the server of their databases, or None for SQLite's files."""

    folder: Path
    peers: str
    server: Cluster | None

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return self.server.url(name) if self.server else f"sqlite:///{self.folder}/{name}.sqlite3"

    def execute(self, candidate: Candidate, name: str, *arguments: str) -> str:
        """Run a candidate over a database, and return what it printed."""
        settings = {"DJANGO_SETTINGS_MODULE": SETTINGS} if candidate.is_peer else {}
        python = self.peers if candidate.is_peer else product.PYTHON
        return run([python, "-m", candidate.module, *arguments], product.environment(self.url(name)) | settings)

    def make(self, candidate: Candidate) -> None:
        """Make a database with the candidate's empty tables."""
        self._create(f"empty_{candidate.short}")
        self.execute(candidate, f"empty_{candidate.short}")

    def renew(self, candidate: Candidate) -> None:
        """Give the candidate empty tables."""
        self._create(candidate.short, f"empty_{candidate.short}")

    def _create(self, name: str, template: str = "template1") -> None:
        if self.server is None:
            for old in self.folder.glob(f"{name}.sqlite3*"):
                old.unlink()
            if template != "template1":
                shutil.copy(self.folder / f"{template}.sqlite3", self.folder / f"{name}.sqlite3")
            return
        with closing(self.server.connect()) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name}")
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


Costs = dict[str, dict[str, dict[str, Any]]]  # of each run, of each candidate


def one_round(place: Place, number: int, folders: Mapping[str, Path]) -> Costs:
    """Import each folder with each candidate, and check that all hold the same rows. Rounds take turns who is first."""
    costs: Costs = {}
    turn = number % len(CANDIDATES)
    order = CANDIDATES[turn:] + CANDIDATES[:turn]
    for candidate in order:
        place.renew(candidate)
    for name in RUNS:
        costs[name] = {
            each.name: json.loads(place.execute(each, each.short, str(folders[name]), *each.options)) for each in order
        }
        held = {each.name: agreement.rows(place.url(each.short), dict(each.statements)) for each in CANDIDATES}
        for each in CANDIDATES[1:]:
            agreement.check(held[CANDIDATES[0].name], held[each.name], each.name)
        for each in CANDIDATES:
            costs[name][each.name]["rows"] = sum(map(len, held[each.name].values()))
    return costs


def cpu(cost: Mapping[str, Any]) -> float:
    """Return the seconds of CPU of Python and the database."""
    return float(cost["python"] + cost["server"])


def table(database: str, rounds: list[Costs]) -> Iterator[str]:
    """Yield a table in Markdown."""
    yield f"| {database} | rows/s | CPU µs a row | statements | × chartero by the clock | × chartero by CPU |"
    yield "| --- | --: | --: | --: | --: | --: |"
    for name in RUNS:
        for candidate in CANDIDATES:
            mine = [each[name][candidate.name] for each in rounds]
            first = [each[name][CANDIDATES[0].name] for each in rounds]
            ratios = [
                (each["seconds"] / of["seconds"], cpu(each) / cpu(of)) for each, of in zip(mine, first, strict=True)
            ]
            clock, computed = (f"{median(some):.1f}" for some in zip(*ratios, strict=True))
            rate = median(each["rows"] / each["seconds"] for each in mine)
            each_row = median(cpu(each) / each["rows"] for each in mine) * 1e6
            statements = f"{median(each['statements'] for each in mine):,.0f}"
            yield f"| {name}: {candidate.name} | {rate:,.0f} | {each_row:,.0f} | {statements} | {clock} | {computed} |"


@contextmanager
def databases(folder: Path, vendor: str) -> Iterator[Cluster | None]:
    """Start PostgreSQL if it is the one."""
    if vendor == "sqlite":
        yield None
    else:
        with cluster.started(folder) as server:
            yield server


def main() -> None:
    """Make what there is to import and the databases, then measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_peers")
    parser.add_argument(
        "export", nargs="?", default=str(exports.ENCOUNTERS), help="a folder, or a number of encounters"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgresql"), default=("sqlite", "postgresql"))
    parser.add_argument("--folder", type=lambda text: Path(text).resolve(), default=ROOT / "benchmarks/var")
    options = parser.parse_args()
    stop_on_signals()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["CHARTERO_DATA_DIR"] = str(options.folder)
    peers = candidates.peers_python(options.folder)
    with TemporaryDirectory() as scratch:
        asked = options.export
        first = exports.invented(Path(scratch, "first"), int(asked)) if asked.isdecimal() else Path(asked).resolve()
        folders = {"first": first, "again": first, "changed": exports.changed(first, Path(scratch, "changed"))}
        for vendor in options.databases:
            with databases(options.folder, vendor) as server:
                place = Place(options.folder, peers, server)
                for candidate in CANDIDATES:
                    place.make(candidate)
                rounds = [one_round(place, number, folders) for number in range(options.rounds)]
            print("\n".join(table(vendor, rounds)), flush=True)


if __name__ == "__main__":
    main()
