"""`examples/sync.py` for the tests: as a module, and as the program that a partner runs."""

import importlib.util
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.deployment import ROOT

FILE = ROOT / "examples" / "sync.py"
SINCE = ("--since", "2000-01-01T00:00:00Z")
LIST_ONLY = "--list-only"
OUT = "encounters.sqlite3"


def loaded():
    """Return the program as a module."""
    spec = importlib.util.spec_from_file_location("sync_example", FILE)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Partner:
    """Where a partner runs the program, with which settings."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program; what it says is in `stderr`."""
        return subprocess.Popen(
            [sys.executable, "-I", "-W", "error", str(FILE), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]} | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the program to its end; return the exit code and what it said, which is never the key."""
        done = self.start(*arguments)
        output, said = done.communicate(timeout=300)
        assert output == ""
        key = self.environment.get("CHARTERO_KEY")
        assert not key or key[-40:] not in said
        return done.returncode, said

    def copied(self, columns="encounter_id") -> list[tuple[str, ...]]:
        """Return what the copy has, in order."""
        with closing(sqlite3.connect(self.folder / OUT)) as database:
            return database.execute(f"SELECT {columns} FROM encounters ORDER BY created_at, encounter_id").fetchall()
