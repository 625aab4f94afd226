"""A PostgreSQL of our own: durable, and set up as a modest production server would be."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.compare.processes import PATIENCE, free_port, run, running, wait_until

LISTENING = {"listen_addresses": "127.0.0.1"}
SETTINGS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "3GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "max_connections": "200",
    "fsync": "on",
    "timezone": "UTC",
    **LISTENING,
}
FAST_SHUTDOWN = signal.SIGINT
OWNER = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server."""

    port: int
    pid: int
    sockets: Path  # the folder of its Unix socket

    def url(self, database: str) -> str:
        """Return what `DATABASE_URL` says of one of its databases."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """Return what `DATABASE_URL` says of it where it is reached over the Unix socket."""
        return f"postgres://postgres@{quote(str(self.sockets), safe='')}:{self.port}/{database}"

    @property
    def version(self) -> str:
        """Return its version, such as 15.4."""
        with closing(self.connect()) as connection:
            return connection.info.parameter_status("server_version").split()[0]

    def connect(self, database: str = "postgres", **options: str) -> psycopg.Connection:
        """Connect to a database; each statement is its own transaction."""
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        return psycopg.connect(self.url(database), autocommit=True, options=settings)


@contextmanager
def started(folder: Path, name: str = "postgresql", given: Mapping[str, str] = SETTINGS) -> Iterator[Cluster]:
    """Start the server of that name whose data lie in `folder`, made if need be, and stop it at the exit."""
    binaries, data, port = _binaries(), folder / name, free_port()
    if not (data / "PG_VERSION").exists():
        _make(binaries, data)
    settings = [f"--{setting}={value}" for setting, value in given.items()]
    log = folder / f"{name}.log"
    with tempfile.TemporaryDirectory() as sockets:  # a path of the data may be too long for a socket
        _give(Path(sockets))
        listening = [f"--port={port}", f"--unix_socket_directories={sockets}"]
        command = [str(binaries / "postgres"), "-D", str(data), *listening, *settings]
        with running(command, log, user=OWNER, stop=FAST_SHUTDOWN, patience=300) as process:
            cluster = Cluster(port, process.pid, Path(sockets))
            wait_until(lambda: _answers(cluster), process, 4 * PATIENCE, log)
            yield cluster


def duplicate(cluster: Cluster, folder: Path, name: str, *options: str) -> None:
    """Copy the data of a running server, for one of that name; `options` of pg_basebackup."""
    data = _emptied(folder / name)
    command = ["-D", str(data), "-d", cluster.url("postgres"), "--checkpoint=fast", *options]
    run([str(_binaries() / "pg_basebackup"), *command], user=OWNER)


def settings_of(*files: Path) -> dict[str, str]:
    """Return the settings in files of PostgreSQL, but for where it listens: on loopback alone."""
    lines = [line for file in files for line in re.findall(r"(?m)^(\w+) = ('[^']*'|[^\s#]+)", file.read_text())]
    return {name: value.strip("'") for name, value in lines} | LISTENING


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = found[-1] if found else shutil.which("initdb")
    if initdb is None:
        raise SystemExit("PostgreSQL's server is missing: install the package postgresql.")
    return Path(initdb).parent


def _make(binaries: Path, data: Path) -> None:
    _emptied(data)
    run([str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
        user=OWNER)  # fmt: skip


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    _give(folder)
    return folder


def _give(folder: Path) -> None:
    if OWNER:
        shutil.chown(folder, OWNER, OWNER)


def _answers(cluster: Cluster) -> bool:
    try:
        cluster.connect().close()
    except psycopg.OperationalError:
        return False
    return True
