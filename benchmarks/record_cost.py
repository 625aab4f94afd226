"""What does the record of an answer cost? The same calls with and without it, turn by turn. Aim: 1.5 at most.

    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.record_cost [ROUNDS]
    CHARTERO_FSYNC=on .ci/with-postgresql python -m benchmarks.record_cost [ROUNDS]

Migrates the empty database of `DATABASE_URL` and fills it with invented encounters, which stay there: it refuses one
that holds organizations. Calls the WSGI application in process, in changing order: without a record, with one, and with
one for which the database does not wait for the disk, to tell its part from the disk's. Prints the medians, and
the ratios to the answer without, each the median of the ratios of one turn.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_WEB_PROCESS"] = "1"
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from encounters.models import Document, Encounter, Patient  # noqa: E402
from partners.catalogue.routes import Route, Scope  # noqa: E402
from partners.keys import lifetimes  # noqa: E402
from partners.models import ApiKey, Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402
from partners.record import ledger  # noqa: E402

CHANGE = Change(by="benchmark", source="benchmark")
ENCOUNTERS, WARM_UP = 3_000, 50
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
KEPT = ledger.kept
WAYS = ("without", "unflushed", "with")
FLUSH = {
    "postgresql": {True: "SET synchronous_commit = on", False: "SET synchronous_commit = off"},
    "sqlite": {True: "PRAGMA synchronous = FULL", False: "PRAGMA synchronous = OFF"},
}
LIST = "/external/v1/encounters"


def fill() -> tuple[str, list[str]]:
    """Invent encounters of one organization; return the token of a key that may read them, and their ids."""
    call_command("migrate", verbosity=0)
    if Organization.objects.exists():
        raise SystemExit("This database holds organizations. Name an empty one in DATABASE_URL.")
    with transaction.atomic():
        owner = Organization.create("Benchmark of the record", CHANGE)
        owner.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
        values = {"organization": owner, "label": "x", "scopes": Scope, "expires_at": lifetimes.default_end()}
        _, token = ApiKey.issue(CHANGE, **values)
        patients = Patient.objects.bulk_create([patient(owner, number) for number in range(ENCOUNTERS // 3)])
        encounters = Encounter.objects.bulk_create(
            [encounter(owner, patients[number // 3], number) for number in range(ENCOUNTERS)]
        )
        Document.objects.bulk_create([document(each) for each in encounters])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return token.text, [each.public_id for each in encounters]


def patient(owner: Organization, number: int) -> Patient:
    """Return an invented patient."""
    born = date(1970, 1, 1) + timedelta(days=number)
    return Patient(organization=owner, first_name="Invented", last_name=f"Patient{number}", date_of_birth=born)


def encounter(owner: Organization, whose: Patient, number: int) -> Encounter:
    """Return an invented encounter."""
    when = START + timedelta(minutes=number)
    times = {"created_at": when, "updated_at": when, "date_of_service": when}
    kind = {"encounter_type": "ambient", "status": "completed", "record_class": "clinical"}
    return Encounter(organization=owner, patient=whose, **times, **kind)


def document(of: Encounter) -> Document:
    """Return its document."""
    values = {"title": "Ambient transcript", "status": "completed", "workflow_variant": "ambient"}
    return Document(encounter=of, schema_type="ambient_transcript", created_at=of.created_at, **values)


def choose(way: str) -> None:
    """Have the next call answered in that way."""
    ledger.kept = (lambda request, answer: answer) if way == "without" else KEPT
    with connection.cursor() as cursor:
        cursor.execute(FLUSH[connection.vendor][way == "with"])


def called(application: WSGIHandler, token: str, path: str, query: str) -> float:
    """Call as a server does, and return the µs until the body is whole."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": ""}
    environ |= {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}
    environ |= {"HTTP_AUTHORIZATION": f"Bearer {token}", "wsgi.url_scheme": "http"}
    sent: list[str] = []
    begun = time.perf_counter()
    answer = application(
        environ | {"wsgi.input": BytesIO(), "wsgi.errors": sys.stderr}, lambda status, headers: sent.append(status)
    )
    body = b"".join(answer)
    answer.close()
    took = (time.perf_counter() - begun) * 1e6
    if sent != ["200 OK"] or not body:
        raise SystemExit(f"{path}?{query} answers {sent}: not what was to be measured")
    return took


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the µs of each call, by kind of answer and by way."""
    token, ids = fill()
    application = WSGIHandler()
    asked: dict[str, Callable[[], tuple[str, str]]] = {
        "detail": lambda: (f"{LIST}/{random.choice(ids)}", ""),
        "list, 25": lambda: (LIST, f"limit=25&offset={random.randrange(1000)}"),
        "list, 100": lambda: (LIST, f"limit=100&offset={random.randrange(1000)}"),
    }
    times: dict[str, dict[str, list[float]]] = {name: {way: [] for way in WAYS} for name in asked}
    for turn in range(WARM_UP + rounds):
        for name in random.sample([*asked], len(asked)):
            path, query = asked[name]()
            for way in random.sample(WAYS, len(WAYS)):
                choose(way)
                took = called(application, token, path, query)
                if turn >= WARM_UP:
                    times[name][way].append(took)
    choose("with")
    return times


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    times = measure(rounds)
    print(f"{connection.vendor}, {rounds} turns, µs; load {os.getloadavg()[0]:.1f}")
    print(f"{'':12}{'without':>9}{'unflushed':>11}{'with':>9}{'ratio unflushed':>17}{'ratio':>8}")
    for name, ways in times.items():
        medians = "{:9.0f}{:11.0f}{:9.0f}".format(*(statistics.median(ways[way]) for way in WAYS))
        print(f"{name:12}{medians}{ratio(ways, 'unflushed'):17.2f}{ratio(ways, 'with'):8.2f}")


def ratio(ways: dict[str, list[float]], way: str) -> float:
    """Return the median of the ratios of the turns, of one way to the answer without a record."""
    return statistics.median(one / other for one, other in zip(ways[way], ways["without"], strict=True))


if __name__ == "__main__":
    main()
