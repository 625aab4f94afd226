"""Do the staff's pages stay quick with 2,000 organizations, 100,000 API keys, 10 million calls? Aim: under 300 ms each.

    .ci/with-postgresql python -m benchmarks.admin_lists [MILLIONS]
    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.admin_lists [MILLIONS]

Migrates the empty database of `DATABASE_URL` and fills it with invented rows, which stay there, and counts the usage of
its keys, 2,000 of which belong to one organization. One that was filled so before is measured as it is. Opens each page
15 times in process after a warm-up and prints a table: the times, the CPU, the ratio to the page for a new password,
which reads no table that grows, the number of SQL statements, and how many rows of large tables PostgreSQL read one
after another.
"""

import argparse
import os
import random
import statistics
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import many_calls  # noqa: E402
from benchmarks.admin_pages import REFERENCE, Page, pages, prove_password  # noqa: E402
from benchmarks.many_answers import execute  # noqa: E402
from partners.catalogue.routes import Route, Scope  # noqa: E402
from partners.identifiers import random_base62  # noqa: E402
from partners.keys import digests, tokens  # noqa: E402
from partners.models import ApiKey, KeyHandover, KeyLeak, Organization, RouteGrant  # noqa: E402
from partners.models.change import Action, ChangeEvent  # noqa: E402
from partners.usage import counting  # noqa: E402

ORGANIZATIONS, KEYS, OF_ONE, ROUNDS = 2_000, 100_000, 2_000, 15
LINKS, LEAKS, COLLEAGUES = 5_000, 500, 200
CHANCE = random.Random(2_000)
MILLION, LARGE = 1_000_000, 50_000
DAY = timedelta(days=1)
TAGS = ["pilot", "production", "ehr", "billing", "research", "emea", "tier:1", "tier:2", "wave-1", "wave-2"]


def fill(calls: int, number_of_keys: int = KEYS) -> None:
    """Invent organizations with their routes, keys with their scopes and the change that issued each, and calls."""
    with transaction.atomic():
        organizations = make([organization(number) for number in range(ORGANIZATIONS)])
        make(
            [
                RouteGrant(organization=each, route=route.route_name)
                for each in organizations[50:]
                for route in Route.grantable()
            ]
        )
        now, number = timezone.now(), digests.current()
        owners = [organizations[-1]] * OF_ONE + CHANCE.choices(organizations, k=number_of_keys - OF_ONE)
        keys = make([key(count, owner, now, number) for count, owner in enumerate(owners)])
        held = ApiKey.scopes.through
        make(
            [held(apikey=each, scope_id=scope.value) for each in keys for scope in CHANCE.sample([*Scope], each.pk % 5)]
        )
        make([issued(each) for each in keys])
        make_others(keys)
    many_calls.fill(calls)
    count_usage()


def make_others(keys: list[ApiKey]) -> None:
    """Invent links, a third of which wait, leaks, and colleagues in every role."""
    now, owned = timezone.now(), keys[: LINKS + LEAKS]
    make([link(number, each.organization, now) for number, each in enumerate(owned[:LINKS])])
    make([KeyLeak(api_key=each, place=f"log of build {each.pk}", proof="whole") for each in owned[LINKS:]])
    people = make([User(username=f"colleague{number}", is_staff=True) for number in range(COLLEAGUES)])
    groups = [*Group.objects.all()]
    make([User.groups.through(user=each, group=groups[number % len(groups)]) for number, each in enumerate(people)])


def link(number: int, owner: Organization, now: datetime) -> KeyHandover:
    """Return a link, sent within the last 60 days; two of three were withdrawn."""
    sent = now - CHANCE.random() * 60 * DAY
    over = sent if number % 3 else None
    times = {"created_at": sent, "sent_at": sent, "link_expires_at": sent + 7 * DAY, "withdrawn_at": over}
    return KeyHandover(organization=owner, label=f"Link {number}", sent_to=owner.contact_email, sent_by="x", **times)


def count_usage() -> None:
    """Count the usage of all keys and say how long it took, in larger batches than beside calls."""
    counting.BATCH = MILLION // 2
    begun = time.perf_counter()
    call_command("count_usage")
    print(f"\nusage counted in {time.perf_counter() - begun:.1f} s", flush=True)


def make(rows: list[Any]) -> list[Any]:
    """Store rows of one model, in batches of fewer values than PostgreSQL takes in one statement."""
    model: type[Model] = type(rows[0])
    return model._default_manager.bulk_create(rows, batch_size=1_000)


def organization(number: int) -> Organization:
    """Return an organization; a few of them are not allowlisted."""
    name = f"Invented {CHANCE.choice(['Practice', 'Clinic', 'Hospital', 'Laboratory'])} {number}"
    contact = f"contact{number}@example.org"
    return Organization(name=name, contact_email=contact, allowlisted=number % 100 != 0, **description(number))


def description(number: int) -> dict[str, Any]:
    """Return what staff wrote about a row: an owner for half of them, a note for every third, and up to three tags."""
    owner = f"{CHANCE.choice(['Ada', 'Grace', 'Edsger'])} Invented {number % 500}" if number % 2 else ""
    note = f"Agreed with the partner in call {number}. {'Invented words about it. ' * 10}" if number % 3 == 0 else ""
    return {"owner": owner, "note": note, "tags": CHANCE.sample(TAGS, number % 4)}


def key(count: int, owner: Organization, now: datetime, number: int) -> ApiKey:
    """Return a key: 10 % revoked, 5 % disabled, about a quarter expired; 20 in all under a digest key not loaded."""
    created, chance = now - CHANCE.random() * 120 * DAY, CHANCE.random()
    return ApiKey(
        public_part=random_base62(tokens.PUBLIC_LENGTH),
        is_test=count % 20 == 0,
        organization=owner,
        label=f"Invented integration {count}",
        digest=CHANCE.randbytes(32),
        digest_key_number=number + (count % 5_000 == 0),
        created_at=created,
        expires_at=created + 90 * DAY,
        revoked_at=now if chance < 0.1 else None,
        disabled_at=now if 0.1 <= chance < 0.15 else None,
        **description(count),
    )


def issued(key: ApiKey) -> ChangeEvent:
    """Return the change that issued a key."""
    made = {"occurred_at": key.created_at, "organization": key.organization, "api_key": key}
    return ChangeEvent(action=Action.KEY_ISSUED, by="benchmark", source="benchmark", **made)


def opened(client: Client, page: Page) -> float:
    """Open a page, read it to its end, and return the milliseconds that it took."""
    begun = time.perf_counter()
    answer = client.get(page.path) if page.posted is None else client.post(page.path, page.posted, follow=True)
    length = len(b"".join(answer)) if answer.streaming else len(answer.content)
    took = (time.perf_counter() - begun) * 1e3
    if answer.status_code != 200 or not length:
        raise SystemExit(f"{page.path} answers {answer.status_code}: not the page that was to be measured")
    return took


def counted(client: Client, page: Page) -> int:
    """Open a page and return how many SQL statements that took; the log of them slows it, so it is not timed."""
    with CaptureQueriesContext(connection) as captured:
        opened(client, page)
    return len(captured)


def scanned() -> Counter[str]:
    """Return how many rows of each large table were read one after another so far; SQLite does not tell."""
    if connection.vendor != "postgresql":
        return Counter()
    execute("SELECT pg_stat_force_next_flush()")
    rows = execute(f"SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE n_live_tup > {LARGE}")
    return Counter(dict(rows))


def cpu() -> float:
    """Return the milliseconds for which Python computed, and PostgreSQL for the session if it is on this machine."""
    server = 0
    if connection.vendor == "postgresql":
        status = Path(f"/proc/{execute('SELECT pg_backend_pid()')[0][0]}/stat")
        server = sum(map(int, status.read_text().split()[13:15])) * 10 if status.exists() else 0
    return time.process_time() * 1e3 + server


def measure(client: Client, page: Page) -> str:
    """Return a line about a page. It is opened in turn with the reference, so that both meet the same machine."""
    opened(client, page)
    before, statements = scanned(), counted(client, page)
    rows = ", ".join(f"{table} {count:,}" for table, count in (scanned() - before).items())
    times, references, computed = [], [], 0.0
    for _ in range(ROUNDS):
        begun = cpu()
        times.append(opened(client, page))
        computed += cpu() - begun
        references.append(opened(client, REFERENCE))
    ratio = statistics.median(took / reference for took, reference in zip(times, references, strict=True))
    numbers = f"{statistics.median(times):8.0f}{max(times):8.0f}{computed / ROUNDS:8.0f}{ratio:8.1f}{statements:6}"
    return f"{page.name:44}{numbers}  {rows}"


def staff() -> Client:
    """Return a client that is signed in as somebody who may do everything."""
    user, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    prove_password(client)
    return client


def main() -> None:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.admin_lists")
    parser.add_argument("millions", nargs="?", type=float, default=10)
    parser.add_argument("--only", default="", help="only the pages whose name begins so")
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    if not Organization.objects.exists():
        fill(int(arguments.millions * MILLION))
    client = staff()
    print(f"{connection.vendor + ', ms':44}{'median':>8}{'max':>8}{'CPU':>8}{'ratio':>8}{'SQL':>6}  rows scanned")
    for page in pages():
        if page.name.startswith(arguments.only):
            print(measure(client, page), flush=True)


if __name__ == "__main__":
    main()
