"""What was measured on what: the machine without its name, and the versions of everything that took part."""

import json
import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.compare.processes import run

PACKAGES = [
    *("django", "djangorestframework", "gunicorn", "psycopg", "orjson"),
    *("djangorestframework-api-key", "granian"),
    *("fastapi", "pydantic", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg"),
]
ASK = (
    "import json, sys; from importlib.metadata import version; print(json.dumps({n: version(n) for n in sys.argv[1:]}))"
)


def machine() -> str:
    """Return cores, memory and kernel."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, Linux {platform.release().partition('-')[0]} on {platform.machine()}"
    )


def software(python: str, postgresql: str, names: Sequence[str] = PACKAGES, **programs: str) -> str:
    """Return every version, in one sentence: of an interpreter's packages of those names, and of more programs."""
    packages = json.loads(run([python, "-c", ASK, *names]))
    known = {"Python": platform.python_version(), "PostgreSQL": postgresql, "SQLite": sqlite3.sqlite_version}
    known |= programs
    return ", ".join(f"{name} {version}" for name, version in (known | {"wrk": _wrk()} | packages).items() if version)


def commit() -> str:
    """Return the commit that was measured, and whether anything was changed since; empty outside a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _wrk() -> str:
    said = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    return said.split()[1].rpartition("/")[2].partition("-")[0]
