"""Is chartero as fast as it claims to be? Everything from the data to the page of results, by one command.

    python -m benchmarks.compare [--quick] [--rounds N] [--seconds S] [--scale 1000,100000] [--data-only]

Needs PostgreSQL's server and wrk, Debian's packages `postgresql` and `wrk`. It starts a PostgreSQL of its own, keeps
the data that it makes in `--folder` for the next run, and ends everything it has started, also when interrupted.
"""

import argparse
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.compare import candidates, cluster, filling, invented, load, product, report, scale, versions
from benchmarks.compare.candidates import AS_SHIPPED, UNRECORDED
from benchmarks.compare.cluster import Cluster
from benchmarks.compare.comparison import compare
from benchmarks.compare.processes import ROOT, stop_on_signals
from benchmarks.compare.report import Findings, Section
from benchmarks.compare.rounds import Rounds
from benchmarks.compare.scale import Scale
from benchmarks.compare.serving import ALL, Site, served

DATABASES = ("postgresql", "sqlite")
COMPARISON, COPY = "comparison", "comparison_of_this_run"
BEGUN = time.monotonic()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each slice")
    parser.add_argument("--trial", type=int, default=3, help="seconds of each slice that finds the best server")
    parser.add_argument("--scale", type=sizes, default=(1_000, 100_000, 1_000_000, 10_000_000), metavar="N,N…")
    parser.add_argument("--turns", type=int, default=300, help="of the scale set")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--busy", type=float, default=0.15, help="leave out slices in which others took more CPU")
    parser.add_argument(
        "--folder",
        type=lambda text: Path(text).resolve(),
        default=ROOT / "benchmarks/var",
        help="what is kept between runs",
    )
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/RESULTS.md")
    parser.add_argument("--data-only", action="store_true", help="make the data and measure nothing")
    parser.add_argument("--quick", action="store_true", help="prove that all of it works; the figures mean little")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.trial, options.turns, options.scale = 1, 1, 0, 20, (1_000, 100_000)
        options.output = options.folder / "quick.md"
    return options


def sizes(text: str) -> tuple[int, ...]:
    """Read the sizes of the scale set."""
    return tuple(sorted(int(each) for each in text.split(",")))


def say(text: str) -> None:
    """Tell how far the run is."""
    print(f"{time.monotonic() - BEGUN:6.0f} s  {text}", flush=True)


@dataclass(slots=True)
class Run:
    """One run of the command."""

    options: argparse.Namespace
    sections: list[Section] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    scale: Scale | None = None
    postgresql: str = ""
    commit: str = field(default_factory=versions.commit)

    @property
    def rounds(self) -> Rounds:
        """Return how much is measured."""
        return Rounds(self.options.rounds, self.options.seconds, self.options.trial, self.options.busy)

    def site(self, url: str, socket_url: str = "") -> Site:
        """Return where the candidates of one database run."""
        return Site(self.options.folder, candidates.peers_python(self.options.folder), url, socket_url)

    def on_postgresql(self) -> None:
        """Make what is missing of both databases, then compare the candidates, then measure the scale set."""
        with cluster.started(self.options.folder) as server:
            filling.postgresql(server, COMPARISON, invented.COMPARISON)
            say("the data of the comparison are there")
            grown = self._scale_set(server)
            if self.options.data_only:
                return
            self.postgresql = server.version
            url = filling.copied(server, COMPARISON, COPY)
            product.collect_static(url)
            site = self.site(url, server.socket_url(COPY))
            section, self.peaks = compare(site, "PostgreSQL", self.rounds, say)
            self.sections.append(section)
            self.scale = self._measure_scale(server, grown)
        self.write()

    def _scale_set(self, server: Cluster) -> str:
        """Return the database of the scale set, which is named by its sizes."""
        name = "_".join(["scale", *map(str, self.options.scale)])
        filling.postgresql(server, name, invented.scale(self.options.scale))
        say("the scale set is there")
        return name

    def _measure_scale(self, server: Cluster, database: str) -> Scale:
        site = self.site(server.url(database))
        tokens = site.keys({str(size): (pk, ALL) for pk, size in enumerate(self.options.scale, 1)}, own=False)
        with ExitStack() as stack:
            services = [
                stack.enter_context(served(site, each, each.servers[0], tokens)) for each in (AS_SHIPPED, UNRECORDED)
            ]
            scale.check_totals(server, database, services[0], self.options.scale)
            say("the totals of the scale set are exact")
            return scale.measure(services, self.options.scale, self.options.turns)

    def on_sqlite(self) -> None:
        """Do on SQLite what applies there."""
        file = self.options.folder / "comparison.sqlite3"
        filling.sqlite(file, invented.COMPARISON)
        say("the SQLite file is there")
        if not self.options.data_only:
            section, _ = compare(self.site(filling.copied_file(file)), "SQLite", self.rounds, say)
            self.sections.append(section)
            self.write()

    def write(self) -> None:
        """Write the page of results."""
        options = self.options
        software = versions.software(candidates.peers_python(options.folder), self.postgresql)
        told = (versions.machine(), software, self.commit, options.rounds, options.seconds, options.busy)
        options.output.write_text(report.page(Findings(*told, self.sections, self.scale, self.peaks)))
        say(f"written: {options.output}")


def main() -> None:
    """Make data, measure, write."""
    run = Run(arguments())
    stop_on_signals()
    load.require_wrk()
    folder: Path = run.options.folder
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["CHARTERO_DATA_DIR"] = str(folder)
    candidates.peers_python(folder)
    if "postgresql" in run.options.databases:
        run.on_postgresql()
    if "sqlite" in run.options.databases:
        run.on_sqlite()


if __name__ == "__main__":
    main()
