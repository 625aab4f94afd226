"""Who is compared: each candidate with the servers that it is tried on, two worker processes each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.compare import product
from benchmarks.compare.processes import ROOT, run

WORKERS = "2"
REQUIREMENTS = ("requirements.txt", "benchmarks/compare/requirements.txt")
OWN_CONFIGURATION = ("gunicorn", "-c", "python:chartero.gunicorn")
TEXTBOOK = "benchmarks.compare.textbook"


@dataclass(frozen=True, slots=True)
class Server:
    """What serves an application: a module's command line, without the interpreter and the address."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One application. `own_keys`: its API keys are its own. `over_socket`: it reaches PostgreSQL without TCP."""

    name: str
    servers: tuple[Server, ...]
    peer: bool = True
    own_keys: bool = False
    over_socket: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def gunicorn(application: str, worker: str, *options: str) -> Server:
    """Return gunicorn with one class of workers."""
    workers = ("--workers", WORKERS, "--worker-class", worker, *options, "--no-control-socket")
    return Server(f"gunicorn {worker}", ("gunicorn", *workers, "--bind", "127.0.0.1:{port}", application))


def granian(application: str, interface: str, *options: str) -> Server:
    """Return granian; in WSGI mode each worker has one thread."""
    workers = ("--interface", interface, "--workers", WORKERS, *options, "--log-level", "warning")
    return Server(f"granian {interface}", ("granian", *workers, "--port", "{port}", application))


def uvicorn(application: str) -> Server:
    """Return uvicorn with uvloop and httptools."""
    options = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
    return Server("uvicorn", ("uvicorn", "--workers", WORKERS, *options, "--port", "{port}", application))


ONE_THREAD = ("--blocking-threads", "1")
OWN_SERVER = "gunicorn with chartero's worker"
AS_SHIPPED = Candidate("chartero", (Server(OWN_SERVER, (*OWN_CONFIGURATION, "chartero.wsgi")),), peer=False)
UNRECORDED = Candidate(
    "chartero without the ledger",
    (Server(OWN_SERVER, (*OWN_CONFIGURATION, "benchmarks.compare.without_ledger")),),
    peer=False,
)
OVER_SOCKET = replace(AS_SHIPPED, name="chartero, over a Unix socket", over_socket=True)
DRF = Candidate(
    "textbook",
    (
        gunicorn(f"{TEXTBOOK}.wsgi", "gthread", "--threads", "4"),
        gunicorn(f"{TEXTBOOK}.wsgi", "sync"),
        granian(f"{TEXTBOOK}.wsgi:application", "wsgi", *ONE_THREAD),
    ),
    own_keys=True,
    environment={"DJANGO_SETTINGS_MODULE": f"{TEXTBOOK}.settings"},
)
FASTAPI = Candidate(
    "FastAPI",
    (
        uvicorn("benchmarks.compare.asynchronous.app:app"),
        granian("benchmarks.compare.asynchronous.app:app", "asgi", "--loop", "uvloop"),
    ),
)
LIMIT = "benchmarks.compare.limit.wsgi"
LIMITS = (
    Candidate("the limit on gunicorn", (Server(OWN_SERVER, (*OWN_CONFIGURATION, LIMIT)),)),
    Candidate("the limit on granian", (granian(f"{LIMIT}:application", "wsgi", *ONE_THREAD),)),
)
# Not a way to run chartero: granian drops header values that are not ASCII, which the contract tells apart.
ON_GRANIAN = Candidate(
    "chartero without the ledger, on granian",
    (granian("benchmarks.compare.without_ledger:application", "wsgi", *ONE_THREAD),),
)
EVERYWHERE = (AS_SHIPPED, UNRECORDED, DRF)
CANDIDATES = {"postgresql": (*EVERYWHERE, FASTAPI, *LIMITS, ON_GRANIAN, OVER_SOCKET), "sqlite": EVERYWHERE}


def command(candidate: Candidate, server: Server, port: int, peers: str) -> list[str]:
    """Return the command line that serves a candidate on a port."""
    python = peers if candidate.peer else product.PYTHON
    return [python, "-m", *(part.replace("{port}", str(port)) for part in server.command)]


def environment(candidate: Candidate, url: str, port: int) -> dict[str, str]:
    """Return the variables under which it runs."""
    own = {"CHARTERO_BIND": f"127.0.0.1:{port}", "CHARTERO_WORKERS": WORKERS}
    return product.environment(url) | own | dict(candidate.environment)


def peers_python(folder: Path) -> str:
    """Return the interpreter of the peers' own virtual environment, made if it is not there or out of date."""
    venv, python = folder / "peers", str(folder / "peers/bin/python")
    mark, wanted = venv / "installed", "".join((ROOT / each).read_text() for each in REQUIREMENTS)
    if not mark.exists() or mark.read_text() != wanted:
        run([product.PYTHON, "-m", "venv", "--clear", str(venv)])
        for each in REQUIREMENTS:
            run(
                [
                    python,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--require-hashes",
                    "-r",
                    each,
                ]
            )
        mark.write_text(wanted)
    return python
