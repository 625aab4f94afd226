"""What an operator does before and after a restore, and the partners who call meanwhile. All of it in this process."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path

import django

from tests.rehearsal.cluster import ROOT, Cluster, program

PATIENCE = 60  # seconds
OWNER, WEB = "chartero_owner", "chartero_web"


@dataclass(frozen=True)
class Key:
    """A key that a partner holds."""

    public_id: str
    token: str


class Operator:
    """Runs commands as the role of the web service, in one database of a server."""

    def __init__(self, server: Cluster, folder: Path) -> None:
        self.server, self.folder, self.name = server, folder, "chartero"
        os.environ |= {
            "DATABASE_URL": server.url(role=WEB),
            "CHARTERO_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONWARNINGS": "ignore",
        }
        django.setup()

    def use(self, name: str, role: str = WEB) -> None:
        """Use another database or another role from now on."""
        from django.db import connection

        connection.close()
        connection.settings_dict |= {"NAME": name, "USER": role}
        self.name = name

    def reconnect(self) -> None:
        """Forget the session with a server that is gone."""
        self.use(self.name)

    def set_up(self) -> None:
        """Make the tables, and a partner who may call everything."""
        self.use(self.name, OWNER)
        self.run("migrate", "--verbosity", "0")
        self.grants()
        self.run("create_organization", "Invented Practice")
        self.run("set_access", "Invented Practice", "--allow", "--enable", "all")

    def grants(self) -> None:
        """Give the role of the web service what it needs, and be that role."""
        self.use(self.name, OWNER)
        self.server.ask(self.run("grants", WEB), self.name, OWNER)
        self.use(self.name)

    def run(self, *arguments: str) -> str:
        """Return what a command prints."""
        from django.core.management import call_command

        printed = StringIO()
        call_command(*arguments, stdout=printed)
        return printed.getvalue()

    def refused(self, *arguments: str) -> str:
        """Return what a command prints that ends with an error."""
        from django.core.management import CommandError, call_command

        printed = StringIO()
        try:
            call_command(*arguments, stdout=printed)
        except CommandError as refusal:
            return printed.getvalue() + str(refusal)
        raise AssertionError(f"{arguments[0]} found nothing: {printed.getvalue()}")

    def key(self, label: str) -> Key:
        """Issue a key for everything."""
        scopes = ["encounters:read", "patients:read", "documents:read"]
        given = ["--organization", "Invented Practice", "--label", label, "--scope", *scopes]
        report = json.loads(self.run("issue_key", *given, "--json"))
        return Key(report["key_id"], report["token"])

    def called(self, key: Key) -> str:
        """Call as a partner. Return the request id of what must be data."""
        answer = self._answer(key)
        assert answer.status_code == 200, answer.content
        return answer["X-Request-ID"]

    def status(self, key: Key) -> int:
        """Return the status of a call."""
        return self._answer(key).status_code

    def _answer(self, key: Key):
        """Return the answer to a call. A 503 asks the partner to try again, as on a busy machine."""
        from tests.api import Api

        for _ in range(PATIENCE):
            answer = Api(key.token).get()
            if answer.status_code != 503:
                return answer
            time.sleep(1)
        raise AssertionError("the database is silent")

    def recorded(self, request_ids: list[str]) -> list[str]:
        """Return those of the request ids that are on record, in order."""
        from partners.models import RequestRecord

        rows = RequestRecord.objects.filter(request_id__in=request_ids).order_by("pk")
        return [*rows.values_list("request_id", flat=True)]

    def calls(self) -> int:
        """Return how many calls are on record."""
        from partners.models import RequestRecord

        return RequestRecord.objects.count()

    def sealed(self) -> Path:
        """Seal everything. Return the checkpoint, as a file that left the machine."""
        from django.conf import settings

        path = self.folder / "checkpoint.json"
        settings.CHECKPOINT_FILE = str(path)
        self.run("seal_records")
        settings.CHECKPOINT_FILE = ""
        return path

    def export(self) -> None:
        """Export what was added to the record, as for a SIEM."""
        (self.folder / "siem").mkdir(exist_ok=True)
        self.run("export_audit", str(self.folder / "siem"), "--format", "jsonl")

    def revoked_after(self, point: datetime) -> list[str]:
        """Return the keys that were revoked after a time, as the export says: docs/operation.md has it for jq."""
        lines = [line for file in (self.folder / "siem").glob("changes-*.jsonl") for line in file.open()]
        changes = [json.loads(line) for line in lines]
        return [
            each["key_id"]
            for each in changes
            if each["action"] == "key_revoked" and datetime.fromisoformat(each["time"]) > point
        ]

    def judge(self, key: Key) -> None:
        """Run deploy/restore-check as an operator does, with a key from before the restore."""
        token, chartero = self.folder / "token", self.folder / "chartero"
        token.write_text(key.token)
        chartero.write_text(f'#!/bin/sh\ncd {ROOT} && exec {ROOT}/.venv/bin/python manage.py "$@"\n')
        chartero.chmod(0o700)
        environment = os.environ | {"CHARTERO": str(chartero), "DATABASE_URL": self.server.url(self.name, WEB)}
        command = [str(ROOT / "deploy/restore-check"), "--key", str(token)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("ok  ") == 6, done.stdout

    def dump(self) -> Path:
        """Dump the database as the owner of the tables, as deploy/bin/chartero-backup does."""
        path = self.folder / "chartero.dump"
        url = self.server.url(self.name, OWNER)
        subprocess.run([program("pg_dump"), "--format", "custom", "--file", str(path), url], check=True)
        return path

    def restore(self, path: Path, name: str) -> None:
        """Restore a dump into an empty database, and use that."""
        url = self.server.url(name, OWNER)
        subprocess.run([program("pg_restore"), "--exit-on-error", "--dbname", url, str(path)], check=True)
        self.use(name)
        self.grants()

    def may_alter_the_record(self) -> bool:
        """Return True if the role of the web service has a privilege that it must not have."""
        question = f"SELECT has_table_privilege('{WEB}', 'partners_requestrecord', 'UPDATE, DELETE, TRUNCATE')"
        return self.server.ask(question, self.name) == [(True,)]
