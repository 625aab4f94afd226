"""Do the staff's lists stay quick with 2,000 organizations and 100,000 API keys? Aim: under 300 ms each.

    python -m benchmarks.admin_lists

Fills the migrated, empty database of `DATABASE_URL` with invented rows, which stay there: it refuses one that holds
organizations. Then opens each page 15 times in process after a warm-up, and prints a table.
"""

import os
import random
import statistics
import time
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from partners import digests, tokens  # noqa: E402
from partners.events import Action, ChangeEvent  # noqa: E402
from partners.identifiers import random_base62  # noqa: E402
from partners.models import ApiKey, Organization, RouteGrant  # noqa: E402
from partners.routes import Route, Scope  # noqa: E402

ORGANIZATIONS, KEYS, ROUNDS = 2_000, 100_000, 15
CHANCE = random.Random(2_000)
DAY = timedelta(days=1)


def fill() -> None:
    """Invent organizations with their routes, and keys with their scopes and the change that issued each."""
    with transaction.atomic():
        organizations = make([organization(number) for number in range(ORGANIZATIONS)])
        make([RouteGrant(organization=each, route=route.route_name) for each in organizations[50:] for route in Route])
        now, number = timezone.now(), digests.current()
        keys = make([key(count, CHANCE.choice(organizations), now, number) for count in range(KEYS)])
        held = ApiKey.scopes.through
        make(
            [held(apikey=each, scope_id=scope.value) for each in keys for scope in CHANCE.sample([*Scope], each.pk % 5)]
        )
        make([issued(each) for each in keys])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # as its autovacuum does a minute later; nothing does it for SQLite
            cursor.execute("ANALYZE")


def make(rows: list[Any]) -> list[Any]:
    """Store rows of one model in batches."""
    model: type[Model] = type(rows[0])
    return model._default_manager.bulk_create(rows, batch_size=5_000)


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
    keys, organizations = "/admin/partners/apikey/", "/admin/partners/organization/"
    asked = {"active": "state=active", "disabled": "state=disabled", "expired": "state=expired"}
    asked |= {"revoked": "state=revoked", "expiring": "state=expiring", "of an organization": "organization=clinic+17"}
    asked |= {"with a scope": "scope=encounters:read", "under a digest key": f"digest_key={digests.current()}"}
    asked |= {"digest key not loaded": "digest_key=missing", "active, with a scope": "state=active&scope=patients:read"}
    asked |= {"page 40": "p=40", "last page": f"p={KEYS // 50}", "search by label": "q=integration+4711"}
    return {
        "home": "/admin/",
        "key list": keys,
        **{f"key list, {name}": f"{keys}?{query}" for name, query in asked.items()},
        "one key": f"{keys}{ApiKey.objects.first().pk}/change/",
        "organization list": organizations,
        "organization list, page 40": f"{organizations}?page=40",
        "organization list, nothing enabled": f"{organizations}?show=nothing",
    }


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


def main() -> None:
    """Fill, measure and print."""
    if Organization.objects.exists():
        raise SystemExit("This database holds organizations. Name an empty one in DATABASE_URL, and migrate it.")
    fill()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser("benchmark"))
    print(f"{connection.vendor + ', ms':36}{'median':>8}{'max':>8}{'SQL':>6}")
    for name, address in pages().items():
        opened(client, address)
        statements = counted(client, address)
        times = [opened(client, address) for _ in range(ROUNDS)]
        print(f"{name:36}{statistics.median(times):8.0f}{max(times):8.0f}{statements:6}")


if __name__ == "__main__":
    main()
