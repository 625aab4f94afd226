"""No room left: on the disk of the database, in its log, or in its table of connections."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psycopg

from tests.faults import postgres, sqlite
from tests.faults.database import Database
from tests.faults.scenario import Scenario, Site

DISK = 300_000_000  # bytes
SECONDS = 4.0


@dataclass(frozen=True)
class SmallDisk(Site):
    """A site whose database is on a disk of its own."""

    folder: Path
    primary: postgres.Server


@contextmanager
def small_disk(site: Site) -> Iterator[SmallDisk]:
    """Lead the site to a copy of its database on a small disk."""
    home = site.proxy.target
    with postgres.folder(mounted=DISK) as folder, postgres.copy_of(site.database.url, folder) as primary:
        site.proxy.redirect(primary.port)
        site.proxy.cut()
        moved = replace(site, database=primary.database, ledgers=(primary,))
        yield SmallDisk(**vars(moved), folder=folder, primary=primary)
        site.proxy.redirect(home)
        site.proxy.cut()


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill a disk to its last byte. Another process of its user could do that."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def disk_full(site: SmallDisk) -> Iterator[None]:
    """Leave no room for rows. The log of the database has some for a while."""
    with full(site.folder):
        yield


@contextmanager
def log_full(site: SmallDisk) -> Iterator[None]:
    """Leave no room for the log of the database, which stops the server. The operator makes room and starts it."""
    with full(site.folder):
        with suppress(psycopg.Error), site.database.connect() as connection:
            for _ in range(100):
                connection.execute("SELECT pg_switch_wal(), pg_logical_emit_message(false, 'fill', 'up')")
        time.sleep(SECONDS)
        site.primary.stop()
    site.primary.start()
    yield


@contextmanager
def sqlite_on_small_disk(site: Site) -> Iterator[sqlite.SqliteSite]:
    """Serve a demonstration of its own from SQLite on a small disk."""
    with postgres.folder(mounted=DISK) as folder, sqlite.site(site, folder) as moved:
        yield moved


@contextmanager
def no_slots(site: Site, *, kept: bool) -> Iterator[None]:
    """Let other clients take every connection that the server allows, also those of sessions that end."""
    with all_slots(site.database):
        if not kept:
            site.proxy.cut()
        time.sleep(SECONDS)
    yield


@contextmanager
def all_slots(database: Database) -> Iterator[None]:
    """Take connections as long as there are any."""
    taken, done = [], threading.Event()

    def take() -> None:
        while not done.is_set():
            try:
                taken.append(database.connect())
            except psycopg.OperationalError:
                done.wait(0.01)

    takers = [threading.Thread(target=take) for _ in range(2)]
    for taker in takers:
        taker.start()
    time.sleep(1.5)
    try:
        yield
    finally:
        done.set()
        for taker in takers:
            taker.join()
        for connection in taken:
            connection.close()


SCENARIOS = [
    Scenario("database's disk full", SECONDS, disk_full, place=small_disk, unready=True),
    Scenario("database's log full, server restarted", 0, log_full, place=small_disk, unready=True),
    Scenario("SQLite's disk full", SECONDS, disk_full, place=sqlite_on_small_disk, unready=True),
    Scenario("max_connections reached, sessions kept", 0, partial(no_slots, kept=True)),
    Scenario("max_connections reached, sessions ended", 0, partial(no_slots, kept=False)),
]
