"""Does the time of an answer tell whether a public part exists? Side by side, in one run.

    python -m benchmarks.key_timing [ROUNDS]

An unknown public part and a known one with a wrong secret take turns in random order, in process, on the database of
`DATABASE_URL`, which it migrates, in a transaction that is rolled back. Prints both medians and their ratio.
"""

import os
import random
import statistics
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from partners.catalogue.routes import Route, Scope  # noqa: E402
from partners.keys import lifetimes, tokens  # noqa: E402
from partners.models import ApiKey, Organization  # noqa: E402
from partners.models.change import Change  # noqa: E402

CHANGE = Change(by="benchmark", source="benchmark")


def wrong_secret(token: tokens.Token) -> str:
    """Return a well-formed token of the same public part with another secret."""
    head = len(tokens.LIVE_PREFIX) + tokens.PUBLIC_LENGTH
    body = token.text[:head] + tokens.mint(is_test=False).text[head : -tokens.CHECKSUM_LENGTH]
    return body + tokens.checksum(body)


def measure(rounds: int) -> dict[str, list[float]]:
    """Return the microseconds of each answer, by kind of token."""
    organization = Organization.create("Benchmark of key timing", CHANGE)
    organization.set_access(CHANGE, allowlisted=True, enable=Route.grantable())
    values = {"organization": organization, "label": "x", "scopes": Scope, "expires_at": lifetimes.default_end()}
    issued = [ApiKey.issue(CHANGE, **values)[1] for _ in range(50)]
    client, times = Client(), {"known": [], "unknown": []}
    for _ in range(rounds):
        for kind in random.sample(["known", "unknown"], 2):
            token = wrong_secret(random.choice(issued)) if kind == "known" else tokens.mint(is_test=False).text
            begun = time.perf_counter()
            answer = client.get(
                "/external/v1/encounters", headers={"Authorization": f"Bearer {token}", "Host": "127.0.0.1"}
            )
            times[kind].append((time.perf_counter() - begun) * 1e6)
            if answer.json()["reason_code"] != "invalid_key":
                raise SystemExit("not the answer that was to be measured")
    return times


def main() -> None:
    """Measure and print."""
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        times = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
        transaction.set_rollback(True)
    known, unknown = (statistics.median(times[kind]) for kind in ("known", "unknown"))
    print(f"known public part, wrong secret  {known:8.1f} µs")
    print(f"unknown public part              {unknown:8.1f} µs")
    print(f"difference {known - unknown:+.1f} µs, ratio {known / unknown:.3f}")


if __name__ == "__main__":
    main()
