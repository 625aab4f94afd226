"""A new release over the database of an older one: it migrates while the older one serves, and replaces it."""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from urllib.parse import urlsplit

from tests.faults.calls import LIST
from tests.faults.database import Database
from tests.outages.judging import Verdict, newest, verdict
from tests.outages.machines import Machine, fleet
from tests.outages.staff import Person, signed_in
from tests.server.deployment import ROOT, Deployment

BEFORE, BESIDE, AFTER = 4.0, 12.0, 4.0  # seconds; nginx leaves a machine out for ten
PAGES = ("/admin/", "/admin/partners/apikey/", "/admin/partners/organization/")


def run(old: Deployment, rate: float) -> Iterator[Verdict]:
    """Upgrade two machines of an older release to this one, one after the other."""
    new, database = replace(old, root=ROOT, python=sys.executable), Database(old.environment["DATABASE_URL"])
    after = newest(database)
    with fleet(old, rate) as both:
        first, other = both.machines
        person = signed_in(old)
        with both.calls() as loop:
            time.sleep(BEFORE)
            migrate(new)
            time.sleep(BESIDE)
            other.replace(new)
            time.sleep(BESIDE)
            faults = [*differences(first, other, old.tokens["good"], person)]
            first.replace(new)
            time.sleep(AFTER)
        yield verdict("upgrade", loop.calls, database, after)
        assert not faults, faults


def migrate(new: Deployment) -> None:
    """Migrate, and give the role of the web service what the new release needs."""
    new.manage("migrate", "--verbosity", "0")
    if new.web:
        role = urlsplit(new.web["DATABASE_URL"]).username
        with Database(new.environment["DATABASE_URL"]).connect() as connection:
            connection.execute(new.manage("grants", role))


def differences(older: Machine, newer: Machine, token: str, person: Person) -> Iterator[str]:
    """Name what the releases serve otherwise: the encounters, and pages of staff that one sign-in must open in both."""
    if _list(older.port, token) != _list(newer.port, token):
        yield "other encounters"
    for machine, path in product((older, newer), PAGES):
        status = person.open(machine.port, path).status
        if status != 200:
            yield f"{status} for {path} of {machine.root}"


def _list(port: int, token: str) -> dict:
    return json.loads(Person().open(port, LIST, Authorization=f"Bearer {token}").body)
