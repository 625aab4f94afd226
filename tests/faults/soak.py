"""Serve for a long time, while keys change, data come in, and something breaks each minute.

.ci/with-postgresql python -m tests.faults.soak [--minutes 30]

Each second a key is issued, one is rotated and two are revoked. An export is imported over and over. It exits with 1 if
an answer was wrong or is not on record, or if the memory of the web server grew by 5 % while the faults came again. The
first time, threads and their sessions are added, and buffers grow. Half an hour is long enough for both.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from partners.keys import tokens  # noqa: E402
from tests.faults import postgres  # noqa: E402
from tests.faults.calls import LIST, UNAVAILABLE, Call, OpenLoop  # noqa: E402
from tests.faults.demonstration import site  # noqa: E402
from tests.faults.keys import Keys  # noqa: E402
from tests.faults.scenario import Site, as_it_is  # noqa: E402
from tests.faults.scenarios import SCENARIOS  # noqa: E402
from tests.faults.staff import Staff  # noqa: E402

ORGANIZATION = "Soak Practice"
ACTIVE = 20  # keys
PATIENTS, ENCOUNTERS = 10, 100  # in each import
EVERY, CALM = 60.0, 10.0  # seconds between two faults, and before the first
GROWTH = 0.05
SCOPES = ("--scope", "encounters:read", "patients:read", "documents:read")
FAULTS = [
    each
    for each in SCENARIOS
    if each.place is as_it_is and not each.breaks_off and not each.verdicts and each.name != "no fault"
]


class ManyKeys(OpenLoop):
    """Calls with the keys of the model. What is expected of such a call is the name of its key."""

    def __init__(self, port: int, keys: Keys) -> None:
        super().__init__(port, {"good": "-", "revoked": "-"})
        self._keys = keys
        unknown = {"Authorization": f"Bearer {tokens.mint(is_test=False).text}"}
        self._kinds = [
            ("key", 20.0, LIST, {}, ""),
            ("bad", 2.0, LIST, unknown, "401 invalid_key"),
            ("bad", 2.0, LIST, {}, "401 missing_bearer"),
            ("probe", 5.0, "/healthz", {}, "200 ok"),
        ]

    def _call(self, kind: str, path: str, headers: dict[str, str], expected: str) -> None:
        if kind == "key":
            key = self._keys.choose()
            headers, expected = {"Authorization": f"Bearer {key.token}"}, key.public_id
        super()._call(kind, path, headers, expected)


def change_keys(staff: Staff, keys: Keys, done: threading.Event) -> None:
    """Issue, rotate and revoke keys each second."""
    for number in itertools.count():
        keys.add(staff.run("issue_key", "--organization", ORGANIZATION, "--label", f"Soak {number}", *SCOPES))
        if keys.active > ACTIVE:
            with keys.ending("401 expired_key") as key:
                found = staff.run("rotate_key", key.public_id, "--overlap", "0h", done=(key.public_id, "rotated_at"))
            if found:
                keys.add(found)
        while keys.active > ACTIVE:
            with keys.ending("401 revoked_key") as key:
                staff.run("revoke_key", key.public_id, "--reason", "a soak", done=(key.public_id, "revoked_at"))
        if done.wait(1.0):
            return


def import_data(staff: Staff, done: threading.Event) -> None:
    """Import an export over and over, each time with newer versions of its resources."""
    with tempfile.TemporaryDirectory() as folder:
        for number in itertools.count():
            _write_export(Path(folder), "finished" if number % 2 else "cancelled")
            staff.run("import_fhir", folder, "--organization", ORGANIZATION, "--record-class", "clinical")
            if done.wait(5.0):
                return


def _write_export(folder: Path, status: str) -> None:
    meta = {"lastUpdated": datetime.now(UTC).isoformat()}
    name = [{"family": "Example", "given": ["Invented"]}]
    patients = [{"id": f"p{number}", "name": name, "birthDate": "1970-01-01"} for number in range(PATIENTS)]
    encounters = [
        {
            "id": f"e{number}",
            "status": status,
            "subject": {"reference": f"Patient/p{number % PATIENTS}"},
            "period": {"start": "2026-05-25T14:00:00Z"},
        }
        for number in range(ENCOUNTERS)
    ]
    for kind, found in (("Patient", patients), ("Encounter", encounters)):
        lines = [json.dumps({"resourceType": kind, "meta": meta} | each) for each in found]
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")


def break_things(where: Site, until: float) -> list[int]:
    """Break something each minute. Return the memory of the web server in between, in bytes."""
    memory, faults = [], itertools.cycle(FAULTS)
    while time.monotonic() + CALM < until:
        began, fault = time.monotonic(), next(faults)
        time.sleep(CALM)
        memory.append(sum(where.server.memory().values()))
        with fault.fault(where):
            time.sleep(fault.seconds)
        _say(f"{fault.name}: {time.monotonic() - began:.0f} s, {memory[-1] // 1_000_000} MB")
        time.sleep(max(0.0, min(until, began + EVERY) - time.monotonic()))
    return memory


def judge(calls: list[Call], keys: Keys, where: Site, memory: list[int]) -> bool:
    """Print what came of it. Return True if all is well."""
    wrong = [call for call in calls if not (call.contract and _is_right(call, keys))]
    recorded = {call.request_id for call in calls if call.kind == "key" and call.got not in UNAVAILABLE}
    missing = recorded - {""} - where.ledgers[0].recorded(recorded)
    again = memory[len(FAULTS) :]
    growth = median(again[-3:]) / again[0] - 1 if again else 0.0
    partners = [call for call in calls if call.kind != "probe"]
    _say(f"{len(partners)} calls with {len(keys.all)} keys: {Counter(call.got for call in partners).most_common()}")
    _say(f"wrong: {len(wrong)} {wrong[:3]}")
    _say(f"without row: {len(missing)} of {len(recorded)}")
    _say(f"slowest answer {max(call.seconds for call in partners):.2f} s")
    _say(f"slowest probe {max(call.seconds for call in calls if call.kind == 'probe'):.2f} s")
    _say(f"memory {growth:+.1%} in the second round: {', '.join(str(each // 1_000_000) for each in memory)} MB")
    return not wrong and not missing and growth < GROWTH


def _is_right(call: Call, keys: Keys) -> bool:
    if call.kind == "key":
        return keys.all[call.expected].allows(call)
    return call.served or call.got in UNAVAILABLE


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the arguments, serve and call, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long, 30 by default")
    minutes = parser.parse_args().minutes
    postgres.require(parser)
    with site() as where, ExitStack() as stack:
        keys, done = Keys(), threading.Event()
        environment = where.server.environment | {"DATABASE_URL": where.database.url}
        staff = [Staff(environment) for _ in range(2)]
        for each in staff:
            stack.callback(each.leave)
        staff[0].run("create_organization", ORGANIZATION, "--purpose", "Treatment")
        staff[0].run("set_access", ORGANIZATION, "--allow", "--enable", "all")
        keys.add(staff[0].run("issue_key", "--organization", ORGANIZATION, "--label", "Soak", *SCOPES))
        workers = [
            threading.Thread(target=change_keys, args=(staff[0], keys, done)),
            threading.Thread(target=import_data, args=(staff[1], done)),
        ]
        for worker in workers:
            worker.start()
        try:
            with ManyKeys(where.port, keys) as loop:
                memory = break_things(where, time.monotonic() + 60 * minutes)
        finally:
            done.set()
            for worker in workers:
                worker.join()
        sys.exit(not judge(loop.calls, keys, where, memory))


if __name__ == "__main__":
    main()
