"""A throw-away PgBouncer with the lines of `deploy/pgbouncer.ini`, in front of the PostgreSQL at hand.

    .ci/with-pgbouncer COMMAND…

runs a command with its DATABASE_URL. Transactions get one session after another, and each session forgets everything
afterwards, so what was kept in a session is missed at once. CHARTERO_DIRECT_DATABASE_URL passes by. PGBOUNCER names
another binary; with CHARTERO_POOLER=transaction-prepared it passes on prepared statements, for which it has to be 1.21
or later.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

FILE = Path(__file__).parents[1] / "deploy/pgbouncer.ini"
PROGRAM = os.environ.get("PGBOUNCER", "pgbouncer")
PREPARED = "transaction-prepared"
# What DISCARD ALL does, which has to be alone; the last only where no prepared statement is passed on.
FORGET = "RESET SESSION AUTHORIZATION; RESET ALL; SELECT pg_advisory_unlock_all(); CLOSE ALL; DISCARD TEMP; UNLISTEN *"
FORGET_PREPARED = "; DEALLOCATE ALL"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def passing_on(pooler: str) -> dict[str, str]:
    """Return the settings that this value of CHARTERO_POOLER needs."""
    return {"max_prepared_statements": "100"} if pooler == PREPARED else {}


def entries(server: str, name: str) -> dict[str, str]:
    """Return the databases of the file, in front of this port and database of PostgreSQL."""
    lines = re.findall(r"(?m)^(chartero\w*) = (.*)$", FILE.read_text())
    assert len(lines) == 2
    return {
        entry: given.replace("port=5432", f"port={server}").replace("dbname=chartero ", f"dbname={name} ")
        for entry, given in lines
    }


class Pooler:
    """A PgBouncer, which can be stopped or killed, and started again on the same port."""

    def __init__(self, file: Path, port: int) -> None:
        self.file, self.port = file, port
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        user = "postgres" if os.getuid() == 0 else None
        self._process = subprocess.Popen([PROGRAM, "-q", self.file], user=user, cwd="/")
        _await(self.port, self._process)

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it by this signal, and wait until it has gone."""
        self._process.send_signal(by)
        self._process.wait(30)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Stop its process: it takes connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def running(databases: dict[str, str], **more: str) -> Iterator[Pooler]:
    """Run PgBouncer in front of these databases, with these settings beside those of the file.

    Every role of PostgreSQL is let in.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PgBouncer refuses to run as root
        (folder / "users").write_text('"postgres" ""\n')
        given = {"listen_port": str(port), "auth_type": "trust", "auth_file": str(folder / "users")}
        lines = _settings(given | {"logfile": "", "pidfile": ""})
        lines += [f"{name} = {value}" for name, value in more.items()]
        chosen = [f"{name} = {value} auth_user=postgres" for name, value in databases.items()]
        (folder / "pgbouncer.ini").write_text("\n".join(["[databases]", *chosen, "[pgbouncer]", *lines, ""]))
        for file in folder.iterdir():  # a test that imported the server's module has left a narrow umask
            file.chmod(0o644)
        pooler = Pooler(folder / "pgbouncer.ini", port)
        try:
            yield pooler
        finally:
            pooler.end()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "PgBouncer did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("PgBouncer did not answer within 30 s")


def _settings(own: dict[str, str]) -> list[str]:
    """Return the settings of the file with some values of our own."""
    settings = FILE.read_text().partition("[pgbouncer]\n")[2].splitlines()
    named = {line.partition(" = ")[0] for line in settings}
    assert own.keys() <= named
    return [f"{name} = {own[name]}" if (name := line.partition(" =")[0]) in own else line for line in settings]


def main() -> None:
    """Run the command of the arguments, and exit as it does."""
    direct, pooler = os.environ["DATABASE_URL"], os.environ.get("CHARTERO_POOLER", "transaction")
    url = urlsplit(direct)
    limits = re.search(r"connect_query='(.*)'", entries("", "")["chartero"])
    # Rows of invented data keep their times, as in the tests on PostgreSQL itself.
    given = f"{limits[1] if limits else ''}; SET chartero.times = given"
    forget = FORGET + ("" if pooler == PREPARED else FORGET_PREPARED)
    sizes = "pool_size=12 min_pool_size=3"
    with running(
        {"*": f"host={url.hostname} port={url.port} {sizes} connect_query='{given}'"},
        server_round_robin="1",
        server_reset_query_always="1",
        server_reset_query=f"{forget}; {given}",
        **passing_on(pooler),
    ) as front:
        pooled = url._replace(netloc=f"postgres@127.0.0.1:{front.port}").geturl()
        environment = {"DATABASE_URL": pooled, "CHARTERO_DIRECT_DATABASE_URL": direct, "CHARTERO_POOLER": pooler}
        done = subprocess.run(sys.argv[1:], env=os.environ | environment)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
