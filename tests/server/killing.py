"""Rounds of `kill -9`: a server under calls dies at a random moment, and then all that was seen must be on record."""

import http.client
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

import psycopg

from tests.server.deployment import ROOT, free_port, wait_for

LIST = "/external/v1/encounters"
CALLERS, LONGEST = 6, 0.6  # threads that call, and seconds under calls before the end
CUT = None  # an answer of which the head was seen, and not the whole body


@dataclass
class Round:
    """What came of one round. `missing` and `different` are request ids; `unseen` rows are of answers that
    never came."""

    bodies: int = 0
    cut: int = 0
    missing: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unseen: int = 0
    half_written: bool = False
    statuses: Counter = field(default_factory=Counter)

    @property
    def faults(self):
        """Return what must not be, an empty list where all is well."""
        too_many = [f"{self.unseen} rows of answers that nobody saw"] if self.unseen > CALLERS else []
        torn = ["a network without its row"] if self.half_written else []
        return [*self.missing, *self.different, *too_many, *torn]


class Killing:
    """A deployment with the demonstration's data, and rounds on it."""

    def __init__(self, deployment, seed=None):
        self.deployment, self.random = deployment, random.Random(seed)
        self.token = deployment.report("demo", "--no-serve")["token"]
        self.encounters = self._pks("encounters_encounter")
        self.patients = self._pks("encounters_patient")
        self.unmarked = self._unmarked()
        self.last = rows(self.deployment, "SELECT coalesce(max(id), 0) FROM partners_requestrecord")[0][0]

    def round(self, application="chartero.wsgi"):
        """Serve, call, kill, and compare what was seen with what is on record."""
        seen, statuses, stop = {}, Counter(), threading.Event()
        with self._server(application) as (port, kill):
            callers = [threading.Thread(target=self._call, args=(port, seen, statuses, stop)) for _ in range(CALLERS)]
            for caller in callers:
                caller.start()
            wait_until(lambda: seen)
            time.sleep(self.random.uniform(0, LONGEST))
            kill()
            stop.set()
            for caller in callers:
                caller.join()
        return self._compared(seen, statuses)

    @contextmanager
    def _server(self, application):
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "-c", "python:chartero.gunicorn"]
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", application],
            cwd=ROOT,
            env=self.deployment.environment | {"CHARTERO_BEHIND_PROXY": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def kill():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        try:
            wait_for(port, process)
            yield port, kill
        finally:
            kill()

    def _call(self, port, seen, statuses, stop):
        """Call over and over; each connection serves some calls, and some calls come from a network of their own."""
        while not stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            with closing(connection), suppress(OSError, http.client.HTTPException):
                for _ in range(self.random.randint(1, 20)):
                    connection.request("GET", self._path(), headers=self._headers())
                    response = connection.getresponse()
                    statuses[response.status] += 1
                    if response.status != 200:
                        response.read()
                        continue
                    request_id = response.headers["X-Request-ID"]
                    seen[request_id] = CUT
                    seen[request_id] = self._told(json.loads(response.read()))

    def _path(self):
        limit, offset = self.random.choice([1, 25, 100]), self.random.randrange(500)
        return f"{LIST}?limit={limit}&offset={offset}"

    def _headers(self):
        hop = (
            f"10.{self.random.randrange(256)}.{self.random.randrange(256)}.7"
            if self.random.random() < 0.1
            else "10.0.0.7"
        )
        return {"Authorization": f"Bearer {self.token}", "X-Forwarded-For": hop}

    def _told(self, body):
        """Return the encounters and the patients of a body, as the ledger names them."""
        patients = {self.patients[item["patient"]["patient_id"]] for item in body["items"] if item["patient"]}
        return [self.encounters[item["encounter_id"]] for item in body["items"]], sorted(patients)

    def _compared(self, seen, statuses):
        kept = {request_id: told for _, request_id, told in self._new_rows()}
        whole = {request_id: told for request_id, told in seen.items() if told is not CUT}
        return Round(
            bodies=len(whole),
            cut=len(seen) - len(whole),
            missing=[request_id for request_id in seen if request_id not in kept],
            different=[each for each, told in whole.items() if each in kept and kept[each] != told],
            unseen=len(kept.keys() - seen.keys()),
            half_written=self._unmarked() != self.unmarked,
            statuses=statuses,
        )

    def _new_rows(self):
        columns = "id, request_id, encounters, patients"
        where = f"id > {self.last} AND status = 200"
        found = rows(self.deployment, f"SELECT {columns} FROM partners_requestrecord WHERE {where} ORDER BY id")
        self.last = found[-1][0] if found else self.last
        return [(pk, request_id, (as_list(one), as_list(other))) for pk, request_id, one, other in found]

    def _unmarked(self):
        """Return how many networks have no row that marks them as new: never more than at the beginning."""
        marked = "SELECT count(*) FROM partners_requestrecord WHERE new_network"
        return rows(self.deployment, f"SELECT (SELECT count(*) FROM partners_keynetwork) - ({marked})")[0][0]

    def _pks(self, table):
        return dict(rows(self.deployment, f"SELECT public_id, id FROM {table}"))


def rows(deployment, sql):
    """Return what the deployment's database holds, past the application."""
    url = deployment.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def as_list(pks):
    return json.loads(pks) if isinstance(pks, str) else pks


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)
