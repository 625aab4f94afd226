"""A service for the tests of `examples/sync.py`, and a partner whose program may be killed anywhere."""

import argparse
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from tests.server.sync_example import loaded

sync = loaded()
START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = START + timedelta(hours=12)
SMALL = {"LIMIT": 3, "LARGEST_OFFSET": 4, "REACH": 7, "tell": lambda line: None}


class Killed(Exception):
    """The program ends here."""


class Service:
    """Encounters and their changes as `sync.Api` shows them. Something happens before some of the calls.

    `clock`: what the clock of the partner shows.
    """

    def __init__(self, size, steps=()):
        self.clock = NOON
        self.rows, self.log, self.number, self.versions = {}, [], 0, 0
        self.steps, self.enabled, self.kept_from = [], True, 0
        for place in range(size):
            self.add(place * 10)
        self.log.clear()  # from before the log began
        self.steps = list(steps)

    def step(self):
        """Let the next thing happen."""
        kind, number = self.steps.pop(0) if self.steps else (None, 0)
        if kind == "kill":
            raise Killed
        if kind in ("enable", "disable"):
            self.enabled = kind == "enable"
        elif kind in ("back", "forward"):
            self.clock += timedelta(seconds=number if kind == "forward" else -number)
        elif kind == "expire":
            self.kept_from = len(self.log)
        elif kind == "add":
            self.add(number)
        elif kind and self.rows:
            getattr(self, kind)([*self.rows][number % len(self.rows)])

    def add(self, second):
        self.number += 1
        at = START + timedelta(seconds=second, microseconds=self.number)
        self.rows[f"enc_{self.number}"] = self._encounter(f"enc_{self.number}", at)
        self.log.append((f"enc_{self.number}", False))

    def amend(self, name):
        self.rows[name] = self._encounter(name, sync.moment(self.rows[name]["created_at"]))
        self.log.append((name, False))

    def withdraw(self, name):
        del self.rows[name]
        self.log.append((name, True))

    def _encounter(self, name, at):
        """Return a version that is dated before the one that it replaces: the source's clock is wrong."""
        self.versions += 1
        dated = START + timedelta(days=100) - timedelta(seconds=self.versions)
        times = {"created_at": sync.rfc3339(at), "updated_at": sync.rfc3339(dated)}
        return {"encounter_id": name, **times, "version": self.versions}

    def page(self, window, offset):
        self.step()
        found = [each for each in self.rows.values() if window.start <= sync.moment(each["created_at"]) < window.end]
        found.sort(key=lambda each: (sync.moment(each["created_at"]), each["encounter_id"]))
        return sync.Page(found[offset : offset + 3], len(found))

    def changes(self, cursor):
        self.step()
        if not self.enabled:
            raise sync.NotEnabled("403 route_not_allowed.", sync.ACCESS)
        place = int(cursor or self.kept_from)
        if place < self.kept_from:
            raise sync.Expired("410 cursor_expired.", sync.CALL)
        return sync.Changes(self.log[place : place + 2], str(min(place + 2, len(self.log))), place + 2 < len(self.log))

    def encounter(self, encounter_id):
        self.step()
        return self.rows.get(encounter_id)


class State(sync.State):
    """A state that the program may not live to write."""

    def __init__(self, file, service):
        super().__init__(file, "https://a")
        self.service = service

    def write(self, progress):
        self.service.step()
        return super().write(progress)


class Partner:
    """The copy of a service, and the runs of the program."""

    def __init__(self, folder, service):
        self.folder, self.service = Path(folder), service

    def run(self, since=None, **options):
        """Run the program once. Return False if it was killed or stopped; then the clock is set right."""
        given = {"since": since, "until": None, "list_only": False, "overlap": 0} | options
        state = State(self.folder / "state", self.service)
        with (
            mock.patch.multiple(sync, **SMALL, datetime=self.clock()),
            closing(sync.Copy(self.folder / "copy")) as copy,
        ):
            try:
                sync.bring_up_to_date(self.service, copy, state, argparse.Namespace(**given))
            except (Killed, sync.Expired):
                return False
            except sync.Stop as stop:
                if stop.exit_code != sync.NOT_SET_UP:
                    raise
                self.service.clock = NOON
                return False
        return True

    def clock(self):
        """Return the class `datetime` with the partner's clock, which stands still unless something sets it."""

        class Clock(datetime):
            @classmethod
            def now(cls, tz):
                return self.service.clock

        return Clock

    def begin(self, **options):
        """Run the program, and kill it once a part of the list is copied."""

        def step():
            if len(self.copied()) > 5:
                raise Killed

        with mock.patch.object(self.service, "step", step):
            assert not self.run(since=START, **options)

    def bring_up_to_date(self, *asked):
        """Run the program with these options, then until nothing happens any more, and it is done."""
        asked, done = [{}, *asked], False
        while asked or self.service.steps or not done:
            begun = (self.folder / "state").exists()
            options = asked.pop(0) if asked else {}
            done = self.run(**options if begun else {"since": START})

    def copied(self):
        with closing(sync.Copy(self.folder / "copy")) as copy:
            rows = copy._database.execute("SELECT encounter FROM encounters").fetchall()
        return {each["encounter_id"]: each for each in (json.loads(line) for (line,) in rows)}
