"""Staff at work: a process that carries out an operator's commands, until each has succeeded.

It reads one JSON object a line and answers with one. A command that the fault of a database broke off is given again.
"""

import json
import subprocess
import sys
import threading
import time
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
AGAIN = 0.2  # seconds between two attempts


class Staff:
    """A process of staff, for one command after the other."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.staff"],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "chartero.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def run(self, *command: str, done: tuple[str, str] | None = None) -> dict:
        """Return the report of a command. `done`: a key, and the field that has a value once the command has worked.

        The report is empty if an attempt succeeded although it seemed to fail.
        """
        with self._lock:
            self._process.stdin.write(json.dumps({"command": command, "done": done}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def leave(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def main() -> None:
    """Carry out what comes on standard input."""
    import django

    django.setup()
    for line in sys.stdin:
        order = json.loads(line)
        sys.stdout.write(json.dumps(_carried_out(order["command"], order["done"])) + "\n")
        sys.stdout.flush()


def _carried_out(command: list[str], done: list[str] | None) -> dict:
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError, connection

    while True:
        report = StringIO()
        try:
            call_command(*command, "--json", stdout=report)
            return json.loads(report.getvalue())
        except (CommandError, DatabaseError) as fault:
            sys.stderr.write(f"{command[0]}: {fault}\n")
        connection.close()
        if done is not None and _has_worked(*done):
            return {}
        time.sleep(AGAIN)


def _has_worked(key: str, field: str) -> bool:
    from django.db import DatabaseError, connection

    from partners.models import ApiKey

    try:
        return ApiKey.objects.filter(public_id=key).exclude(**{field: None}).exists()
    except DatabaseError:
        connection.close()
        return False


if __name__ == "__main__":
    main()
