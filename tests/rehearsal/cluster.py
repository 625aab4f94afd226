"""A PostgreSQL server that archives its log, and the servers that are restored from what it left."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "archive_mode": "on",
    "max_locks_per_transaction": "256",
    "max_connections": "30",
    "shared_buffers": "32MB",
    "deadlock_timeout": "200ms",
}


class Cluster:
    """A server in a folder, with the archive of its log and its copies beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.data = folder, _free_port(), folder / "data"
        self.wal, self.copies, self.scripts = (folder / name for name in ("wal", "copies", "scripts"))
        shutil.copytree(
            ROOT / "deploy", self.scripts, ignore=lambda _, names: {*names} - {"archive-wal", "base-backup"}
        )
        for made in (self.wal, self.copies):
            made.mkdir()
        for path in (folder, *folder.rglob("*")):
            _give(path)
        self.run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
        )

    def url(self, name: str = "chartero", role: str = "chartero_owner") -> str:
        """Return the URL of a database for a role."""
        return f"postgres://{role}@127.0.0.1:{self.port}/{name}"

    def run(self, name: str, *arguments: str, **environment: str) -> str:
        """Run a program as the user of the server, which is never root. Return what it prints."""
        owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*owner, program(name) if "/" not in name else name, *arguments]
        done = subprocess.run(command, cwd="/", env=os.environ | environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def ask(self, statement: str, name: str = "chartero", role: str = "postgres") -> list[tuple]:
        """Run a statement, and return its rows."""
        with psycopg.connect(self.url(name, role), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def start(self, **options: str) -> None:
        """Start the server, and wait until it takes writes."""
        given = OPTIONS | {"archive_command": f"{self.scripts}/archive-wal %p %f {self.wal}"} | options
        lines = [f"{name} = '{value}'" for name, value in given.items()]
        configuration = self.data / "rehearsal.conf"
        configuration.write_text("\n".join(lines) + "\n")
        _give(configuration)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("include = 'rehearsal.conf'\n")
        self.run(
            "pg_ctl",
            "-D",
            str(self.data),
            "-w",
            "-t",
            "120",
            "-l",
            str(self.folder / "log"),
            "start",
            "-o",
            f"-k {self.folder} -p {self.port}",
        )
        while self.ask("SELECT pg_is_in_recovery()", "postgres") == [(True,)]:
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server at once, as a crash does."""
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def base_backup(self) -> Path:
        """Copy the server as an operator does."""
        script = str(self.scripts / "base-backup")
        printed = self.run(script, str(self.copies), DATABASE_URL=self.url("postgres", "postgres"))
        return Path(printed.strip())

    def archive(self) -> None:
        """Wait until everything that was written is in the archive."""
        [(segment,)] = self.ask("SELECT pg_walfile_name(pg_current_wal_lsn())")
        self.ask("SELECT pg_switch_wal()")
        until = time.monotonic() + 60
        while not (self.wal / segment).exists():
            assert time.monotonic() < until, f"{segment} was not archived"
            time.sleep(0.1)

    def restore(self, base: Path, until: str) -> None:
        """Begin with the copy, and replay the archived log up to a time."""
        self.data = base
        (base / "recovery.signal").touch()
        _give(base / "recovery.signal")
        self.start(restore_command=f"cp {self.wal}/%f %p", recovery_target_time=until, recovery_target_action="promote")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield a new server that runs, with the two roles and an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        made = Cluster(Path(folder))
        try:
            made.start()
            for statement in (
                "CREATE ROLE chartero_owner LOGIN",
                "CREATE ROLE chartero_web LOGIN",
                "CREATE DATABASE chartero OWNER chartero_owner",
            ):
                made.ask(statement, "postgres")
            yield made
        finally:
            made.stop()


def _give(path: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(path, "postgres", "postgres")


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL. Debian has most of them in no PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    return str(folders[-1] / name) if folders else name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
