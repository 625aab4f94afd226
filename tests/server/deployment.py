"""A deployment of its own for the tests: a fresh database, the operator's commands, the production server."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests import published

ROOT = Path(__file__).parents[2]
POOLER = {name: value for name, value in os.environ.items() if name == "CHARTERO_POOLER"}
GRANTS = "partners/management/commands/grants.py"  # old releases have one role for everything
OF_OWNER = ("migrate", "demo", "prune_records", "grants")  # commands that only the owner of the tables can run


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)

    def as_published(self, method, target):
        """Return the answer, which under `/external/` has to be what the published document says."""
        path = unquote(target.partition("?")[0])
        if path.startswith("/external"):
            published.check(method, path, self.status, self.headers, self.body)
        return self


@dataclass
class Deployment:
    """Where the data lies and how the processes are configured."""

    environment: dict[str, str]
    port: int = 0
    tokens: dict[str, str] = field(default_factory=dict)
    log: Path = Path(os.devnull)
    web: dict[str, str] = field(default_factory=dict)  # what the web service has in its environment instead
    logins: dict[str, str] = field(default_factory=dict)  # the password of each user
    root: Path = ROOT  # of the release
    python: str = sys.executable  # with its packages

    def manage(self, *arguments, stdin=None, check=True) -> str:
        """Run one of the operator's commands; return what it prints."""
        done = subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.root,
            env=self.environment | ({} if arguments[0] in OF_OWNER else self.web),
            input=stdin,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def report(self, *arguments, **options):
        """Run a command with `--json` and return its report."""
        return json.loads(self.manage(*arguments, "--json", **options))

    @contextmanager
    def serving(self, application="chartero.wsgi", **environment):
        """Run the production server; `port` is where, `log` gets what it writes."""
        self.port = free_port()
        command = ["-m", "gunicorn", "-c", "python:chartero.gunicorn", "--bind", f"127.0.0.1:{self.port}", application]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environment | self.web | environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(self.port, process)
            yield self
        finally:
            process.terminate()
            process.wait(30)

    def get(self, path, *, method="GET", token=None, headers=None) -> Answer:
        """Call as a partner does."""
        credentials = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers=credentials | (headers or {}))
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer.as_published(method, path)

    def raw(self, *lines: bytes) -> Answer:
        """Send these header lines as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as wire:
            wire.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            response = http.client.HTTPResponse(wire, method=lines[0].split()[0].decode())
            response.begin()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        method, path, _ = lines[0].decode().split()
        return answer.as_published(method, path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, process) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 s")


@contextmanager
def new_database(folder: Path):
    """Yield the URL of an empty database on the server that the suite runs on, past the pooler if there is one."""
    url = os.environ.get("CHARTERO_DIRECT_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder / 'chartero.sqlite3'}"
        return
    import psycopg

    name = f"chartero_test_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield url.rpartition("/")[0] + f"/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def web_role(deployment: Deployment):
    """Yield what the environment of the web service holds: on PostgreSQL, the URL of a role that owns no table.

    If the suite runs through a pooler, so does this role.
    """
    url = deployment.environment["DATABASE_URL"]
    if not url.startswith("postgres") or not (deployment.root / GRANTS).exists():
        yield {}
        return
    import psycopg

    server, _, name = url.rpartition("/")
    role = f"{name}_web"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(deployment.manage("grants", role))
    place = os.environ["DATABASE_URL"] if POOLER else server
    yield {"DATABASE_URL": f"postgres://{role}@{urlsplit(place).netloc.rpartition('@')[2]}/{name}"} | POOLER
    with psycopg.connect(url, autocommit=True) as connection:  # tests end all sessions of a database
        connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@contextmanager
def new_deployment(folder: Path, root: Path = ROOT, python: str = sys.executable, **settings: str):
    """Yield a deployment whose database is migrated and empty, perhaps of another release."""
    with new_database(folder) as url:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("CHARTERO_", "DJANGO_", "COV_"))
        }
        deployment = Deployment(
            inherited
            | {
                "DATABASE_URL": url,
                "CHARTERO_DATA_DIR": str(folder),
                "CHARTERO_WORKERS": "2",
                "PYTHONWARNINGS": "ignore",
            }
            | settings,
            root=root,
            python=python,
        )
        deployment.manage("migrate", "--verbosity", "0")
        with web_role(deployment) as deployment.web:
            yield deployment
