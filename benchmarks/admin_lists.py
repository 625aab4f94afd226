"""Do the staff's pages stay quick with 2,000 organizations, 100,000 API keys, 10 million calls? Aim: under 300 ms each.

    .ci/with-postgresql python -m benchmarks.admin_lists [MILLIONS]
    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.admin_lists [MILLIONS]

Migrates the empty database of `DATABASE_URL` and fills it with invented rows, which stay there, and counts
the usage of its keys. One that was filled so before is measured as it is. Opens each page 15 times in process after a
warm-up and prints a table; the last column has how many rows of large tables PostgreSQL read one after another.
"""

import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import many_calls  # noqa: E402
from benchmarks.accounting import execute  # noqa: E402
from encounters.models import Encounter  # noqa: E402
from partners.admin.lists.paging import COUNTED  # noqa: E402
from partners.catalogue.routes import Route, Scope  # noqa: E402
from partners.identifiers import random_base62  # noqa: E402
from partners.keys import digests, tokens  # noqa: E402
from partners.models import ApiKey, Organization, RequestRecord, RouteGrant  # noqa: E402
from partners.models.change import Action, ChangeEvent  # noqa: E402
from partners.record.pages import to_address  # noqa: E402

ORGANIZATIONS, KEYS, ROUNDS = 2_000, 100_000, 15
CHANCE = random.Random(2_000)
MILLION, LARGE = 1_000_000, 50_000
DAY = timedelta(days=1)


def fill(calls: int) -> None:
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
        keys = make([key(count, CHANCE.choice(organizations), now, number) for count in range(KEYS)])
        held = ApiKey.scopes.through
        make(
            [held(apikey=each, scope_id=scope.value) for each in keys for scope in CHANCE.sample([*Scope], each.pk % 5)]
        )
        make([issued(each) for each in keys])
    many_calls.fill(calls)
    count_usage()


def count_usage() -> None:
    """Count the usage of all keys and say how long it took."""
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
    return Organization(name=name, contact_email=f"contact{number}@example.org", allowlisted=number % 100 != 0)


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
    )


def issued(key: ApiKey) -> ChangeEvent:
    """Return the change that issued a key."""
    made = {"occurred_at": key.created_at, "organization": key.organization, "api_key": key}
    return ChangeEvent(action=Action.KEY_ISSUED, by="benchmark", source="benchmark", **made)


def pages() -> dict[str, str]:
    """Return the address of each page, by what it is called in the table."""
    keys, organizations, first = (
        "/admin/partners/apikey/",
        "/admin/partners/organization/",
        ApiKey.objects.earliest("pk"),
    )
    asked = {"active": "state=active", "disabled": "state=disabled", "expired": "state=expired"}
    asked |= {"revoked": "state=revoked", "expiring": "expires=14", "of an organization": "organization=clinic+17"}
    asked |= {"with a scope": "scope=encounters:read", "under a digest key": f"digest_key={digests.current()}"}
    asked |= {"digest key not loaded": "digest_key=missing", "active, with a scope": "state=active&scope=patients:read"}
    asked |= {"never used": "used=never", "used lately": "used=lately", "idle": "used=idle"}
    asked |= {
        "of a route": "route=documents.audio",
        "not allowlisted": "allowlisted=no",
        "never expires": "expires=never",
    }
    asked |= {"without an end date": "expires=never"}
    orders = ("label", "-organization", "-used", "used", "expires", "-expires")
    asked |= {f"in the order of {order}": f"o={order}" for order in orders}
    asked |= {"page 40": "p=40", "last page": f"p={COUNTED // 50}", "search by label": "q=integration+4711"}
    asked |= {"search for what is not there": "q=nowhere"}
    return {
        "home": "/admin/",
        "home, 30 days": "/admin/?usage=30d",
        "key list": keys,
        **{f"key list, {name}": f"{keys}?{query}" for name, query in asked.items()},
        "one key": f"{keys}{first.pk}/change/",
        "one key, 30 days": f"{keys}{first.pk}/change/?usage=30d",
        "organization list": organizations,
        "organization list, page 40": f"{organizations}?page=40",
        "organization list, nothing enabled": f"{organizations}?show=nothing",
        "organization list, search": f"{organizations}?q=clinic",
        "organization list, idle": f"{organizations}?used=idle",
        "organization list, of a route": f"{organizations}?route=documents.audio",
        "one organization": f"{organizations}{first.organization_id}/change/",
        **(of_requests(first) if RequestRecord.objects.exists() else {}),
        **of_changes(),
        **(of_encounters() if Encounter.objects.exists() else {}),
        "users": "/admin/auth/user/",
    }


def of_requests(key: ApiKey) -> dict[str, str]:
    """Return the address of the list of requests by each filter, and of one request."""
    requests = "/admin/partners/requestrecord/"
    asked = {"all": "time=all", "7 days": "time=7d", "of a key": f"time=all&key={key.public_id}"}
    asked |= {"of an organization": f"time=all&organization={key.organization.public_id}"}
    asked |= {"refused": "time=all&code=refused", "of a code that never came": "time=all&code=revoked_key"}
    asked |= {"of a status": "time=all&status=422", "of a status that never came": "time=all&status=503"}
    asked |= {
        "of a route": "time=all&route=encounters.detail",
        "of a route never called": "time=all&route=documents.audio",
    }
    asked |= {"of a key and a route never called": f"time=all&key={key.public_id}&route=documents.audio"}
    asked |= {"from – to": "time=own&start=2020-01-01T00:00:00&end=2020-01-02T00:00:00"}
    oldest = RequestRecord.objects.order_by("occurred_at").values_list("occurred_at", flat=True)[1000]
    asked |= {"the oldest": f"time=all&older={to_address(oldest)}"}
    return {
        "requests": requests,
        **{f"requests, {name}": f"{requests}?{query}" for name, query in asked.items()},
        "one request": f"{requests}{RequestRecord.objects.earliest('pk').request_id}/",
    }


def of_changes() -> dict[str, str]:
    """Return the addresses of the record of changes."""
    changes, last = "/admin/partners/changeevent/", ApiKey.objects.latest("pk")
    asked = {"of a kind": "kind=key_issued", "of a kind never done": "kind=records_pruned", "of 7 days": "time=7d"}
    asked |= {"by a person": "person=benchmark", "by nobody known": "person=nobody"}
    asked |= {"of an organization": f"organization={last.organization.public_id}", "of a key": f"key={last.public_id}"}
    asked |= {
        "search by ticket": "q=nowhere",
        "search by name": "q=clinic+17",
        "search by part": f"q={last.public_part[:6]}",
    }
    named = {f"changes, {name}": f"{changes}?{query}" for name, query in asked.items()}
    return {"changes": changes} | named | {"one change": f"{changes}{ChangeEvent.objects.latest('pk').pk}/change/"}


def of_encounters() -> dict[str, str]:
    """Return the addresses of the clinical records."""
    encounters, last = "/admin/encounters/encounter/", Encounter.objects.latest("pk")
    asked = {
        "demo": "record_class=demo",
        "planned": "status=planned",
        "of an organization": "organization=17",
        "page 40": "p=40",
    }
    asked |= {"search by id": f"q={last.public_id}", "search for what is not there": "q=nowhere"}
    named = {f"encounters, {name}": f"{encounters}?{query}" for name, query in asked.items()}
    return {"encounters": encounters} | named | {"one encounter": f"{encounters}{last.pk}/change/"}


def opened(client: Client, address: str) -> float:
    """Open a page and return the milliseconds that it took."""
    begun = time.perf_counter()
    status = client.get(address).status_code
    took = (time.perf_counter() - begun) * 1e3
    if status != 200:
        raise SystemExit(f"{address} answers {status}: not the page that was to be measured")
    return took


def counted(client: Client, address: str) -> int:
    """Open a page and return how many SQL statements that took; the log of them slows it, so it is not timed."""
    with CaptureQueriesContext(connection) as captured:
        opened(client, address)
    return len(captured)


def scanned() -> Counter[str]:
    """Return how many rows of each large table were read one after another so far; SQLite does not tell."""
    if connection.vendor != "postgresql":
        return Counter()
    execute("SELECT pg_stat_force_next_flush()")
    rows = execute(f"SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE n_live_tup > {LARGE}")
    return Counter(dict(rows))


def main() -> None:
    """Fill, measure and print."""
    call_command("migrate", verbosity=0)
    if not Organization.objects.exists():
        fill(int(float(sys.argv[1] if len(sys.argv) > 1 else 10) * MILLION))
    staff, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(staff)
    print(f"{connection.vendor + ', ms':44}{'median':>8}{'max':>8}{'SQL':>6}  rows scanned")
    for name, address in pages().items():
        opened(client, address)
        before, statements = scanned(), counted(client, address)
        rows = ", ".join(f"{table} {count:,}" for table, count in (scanned() - before).items())
        times = [opened(client, address) for _ in range(ROUNDS)]
        print(f"{name:44}{statistics.median(times):8.0f}{max(times):8.0f}{statements:6}  {rows}", flush=True)


if __name__ == "__main__":
    main()
