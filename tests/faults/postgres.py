"""PostgreSQL servers of our own: copies of the one at hand, which can stop, follow each other, and run out of space."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.database import Database
from tests.faults.proxy import Proxy
from tests.server.deployment import free_port

OPTIONS = "-c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off"


class Server:
    """A PostgreSQL server with a copy of another's data, or a replica that follows it."""

    def __init__(self, folder: Path, url: str, *, follows: bool) -> None:
        self.folder, self.port = folder, free_port()
        self._name = url.rpartition("/")[2]
        copied = ["-D", str(folder / "data"), "-d", url, "--checkpoint=fast", *(["-R"] if follows else [])]
        _run("pg_basebackup", *copied)
        self.start()

    @property
    def url(self) -> str:
        """Return the URL of the database that was copied."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{self._name}"

    @property
    def is_running(self) -> bool:
        """Return True if the server runs."""
        return (self.folder / "data" / "postmaster.pid").exists()

    @property
    def database(self) -> Database:
        """Return the database that was copied."""
        return Database(self.url)

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = f"-k {self.folder} -p {self.port} {OPTIONS}"
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop the server at once, as a crash does, if it runs."""
        if self.is_running:
            self._control("stop", "-m", "immediate")

    def follow(self, port: int) -> None:
        """Let a replica hear of its primary at another port, and return once it does."""
        self.database.configure(primary_conninfo=f"host=127.0.0.1 port={port} user=postgres")
        with self.database.connect() as connection:
            while connection.execute("SELECT sender_port, status FROM pg_stat_wal_receiver").fetchall() != [
                (port, "streaming")
            ]:
                time.sleep(0.1)

    def promote(self) -> None:
        """Make a replica a primary."""
        self._control("promote", "-w")

    def recorded(self, request_ids: set[str]) -> set[str]:
        """Return those of the request ids that the ledger has. Start the server if it has stopped."""
        if not self.is_running:
            self.start()
        return self.database.recorded(request_ids)

    def _control(self, *arguments: str) -> None:
        _run("pg_ctl", "-D", str(self.folder / "data"), *arguments)


@contextmanager
def folder(mounted: int = 0) -> Iterator[Path]:
    """Yield a folder for a server, on a disk of its own with that many bytes if `mounted` is given."""
    path = Path(tempfile.mkdtemp())
    if mounted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mounted}", "tmpfs", path], check=True)
    try:
        if os.getuid() == 0:
            shutil.chown(path, "postgres")
        yield path
    finally:
        if mounted:
            subprocess.run(["umount", path], check=True)
        shutil.rmtree(path)


@contextmanager
def copy_of(url: str, place: Path, *, follows: bool = False) -> Iterator[Server]:
    """Run a server with a copy of the data of another one, or a replica of it."""
    server = Server(place, url, follows=follows)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def primary_and_replica(url: str, *, synchronous: bool = False) -> Iterator[tuple[Server, Server, Proxy]]:
    """Run a copy of a server, and a replica that follows the copy over a network of its own."""
    with folder() as one, folder() as other, copy_of(url, one) as primary:
        network = Proxy(primary.port)
        with copy_of(primary.url, other, follows=True) as replica:
            replica.follow(network.port)
            if synchronous:
                primary.database.configure(synchronous_standby_names="*", synchronous_commit="remote_apply")
            yield primary, replica, network


def require(parser: argparse.ArgumentParser) -> None:
    """End the program with a usage error unless the database is PostgreSQL."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        parser.error("needs PostgreSQL: run it by .ci/with-postgresql")


def _run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL. It refuses to run as root."""
    owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*owner, _program(program), *arguments], cwd="/", check=True, stdout=subprocess.DEVNULL)


def _program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    return str(folders[-1] / name) if folders else name
