"""How long do the staff's pages take beside Django's own admin, and how many statements? Both over the same tables.

    .ci/with-postgresql python -m benchmarks.stock_admin [MILLIONS] [--keys N] [--rounds N]
    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.stock_admin [MILLIONS] [--keys N] [--rounds N]

Migrates and fills the empty database of `DATABASE_URL` as `benchmarks.admin_lists` does, with 100,000 keys and ten
million calls, unless it was filled so before. Then two processes open each page in turn, chartero's and that of the
stock admin with the usual list_display, list_filter, search_fields and date_hierarchy. Prints medians, and the medians
of the ratios within each round.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.core.management import call_command

from benchmarks import admin_lists
from partners.models import Organization

OPENING = [sys.executable, "-m", "benchmarks.stock_admin.opening"]


class Admin:
    """A process that opens the pages of one of the two."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pages: list[str] = self._answer()

    def open(self, name: str) -> dict[str, Any]:
        """Open a page, and return what that took."""
        assert self._process.stdin
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


@contextmanager
def running(settings: str) -> Iterator[Admin]:
    """Start a process with these settings, and end it afterwards."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(OPENING, env=environment, text=True, **pipes) as process:
        try:
            yield Admin(process)
        finally:
            process.terminate()


def line(name: str, rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    """Return a line of Markdown about a page."""
    cells = [
        f"{median(each[0]['clock'] for each in rounds):,.0f}",
        f"{median(each[1]['clock'] for each in rounds):,.0f}",
    ]
    for measure in ("clock", "cpu"):
        cells.append(f"{median(stock[measure] / ours[measure] for ours, stock in rounds):.1f}")
    cells += [str(each["statements"]) for each in rounds[-1]]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Fill, open and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock_admin")
    parser.add_argument("millions", nargs="?", type=float, default=10)
    parser.add_argument("--keys", type=int, default=admin_lists.KEYS)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.keys < (least := admin_lists.LINKS + admin_lists.LEAKS):
        parser.error(f"--keys: give at least {least:,}, which links and leaks are made of")
    call_command("migrate", verbosity=0)
    if not Organization.objects.exists():
        admin_lists.fill(int(options.millions * admin_lists.MILLION), options.keys)
    print("| ms | chartero | stock | stock : chartero | by CPU | statements | stock |")
    print("| --- | --: | --: | --: | --: | --: | --: |", flush=True)
    with running("chartero.settings") as ours, running("benchmarks.stock_admin.settings") as stock:
        for name in ours.pages:
            for admin in (ours, stock):
                admin.open(name)  # warms it up
            print(line(name, [(ours.open(name), stock.open(name)) for _ in range(options.rounds)]), flush=True)


if __name__ == "__main__":
    main()
