"""Find leaked keys in a megabyte within a second, and what they read over 10 million answers within two.

    .ci/with-postgresql python -m benchmarks.leaks [MILLIONS]
    DATABASE_URL=sqlite:////path/to/empty.sqlite3 python -m benchmarks.leaks [MILLIONS]

Fills the empty database of `DATABASE_URL` as `many_answers` does: 150 keys, whose answers of six years hold 25 patients
or one. One that was filled so before is measured as it is. Then searches a log of 1 MB with 20 tokens, of which six are
ours in as many disguises, and counts what five of these keys read in the last year and in six years, once after the
system was told to forget and once more.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ["CHARTERO_SECOND_FACTOR"] = "off"
django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import many_answers  # noqa: E402
from partners.accounting.periods import Period  # noqa: E402
from partners.diagnosis.pasted import Pasted, keys_in_pieces  # noqa: E402
from partners.keys import digests, lifetimes, tokens  # noqa: E402
from partners.leaks import reads, sheet  # noqa: E402
from partners.leaks.reads import Reads  # noqa: E402
from partners.models import ApiKey, triggers  # noqa: E402
from partners.triggers import installing  # noqa: E402

MEGABYTE, RUNS, OTHER_KEYS = 1_000_000, 5, 100_000
DISGUISES: tuple[Callable[[str], str], ...] = (
    lambda token: f"CHARTERO_KEY={token}",
    lambda token: f'{{"key": "{token}"}}',
    lambda token: f"Authorization: Bearer {token}",
    lambda token: f"curl -H 'Authorization: Bearer {token}' https://api.example.com/",
    lambda token: token.removeprefix(tokens.LIVE_PREFIX),
    lambda token: f"{token[:40]}…",
)
LINE = "2026-05-25T14:00:00Z INFO 10.0.0.7 GET /external/v1/encounters?limit=50%20 200 \\n"


def leaked() -> tuple[list[ApiKey], str]:
    """Return the keys that have most answers, each with a token that belongs to it now, and the log with them."""
    keys = list(ApiKey.objects.order_by("pk")[: len(DISGUISES)])
    own = _with_new_tokens(keys)
    strangers = [tokens.mint(is_test=False).text for _ in range(14)]
    written = [*(write(token) for write, token in zip(DISGUISES, own, strict=True)), *strangers]
    lines = [LINE + "".join(random.choices("abcdef0123456789", k=32)) for _ in range(MEGABYTE // (len(LINE) + 33))]
    for place, text in zip(random.sample(range(len(lines)), len(written)), written, strict=True):
        lines[place] += f" {text}"
    return keys, "\n".join(lines)


def _with_new_tokens(keys: list[ApiKey]) -> list[str]:
    """Make the tokens of keys known, as no code of the product can: without its triggers."""
    made, number = [tokens.mint(is_test=False) for _ in keys], digests.current()
    installing.remove(connection, triggers.SET)
    for key, token in zip(keys, made, strict=True):
        values = {"public_part": token.public_part, "digest": digests.digest(token.text, number)}
        ApiKey.objects.filter(pk=key.pk).update(digest_key_number=number, **values)
    installing.create(connection, triggers.SET)
    return [token.text for token in made]


def add_keys() -> None:
    """Add keys that are in no text, as many as the list of keys is measured with."""
    if ApiKey.objects.count() > OTHER_KEYS:
        return
    values: dict[str, Any] = {"digest": bytes(32), "digest_key_number": 1, "label": "x", "label_key": "x"}
    values["expires_at"] = lifetimes.default_end()
    made = (ApiKey(public_part=tokens.mint(is_test=False).public_part, **values) for _ in range(OTHER_KEYS))
    ApiKey.objects.bulk_create(made, batch_size=5_000)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that some work takes, and what it returns."""
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def show_search(keys: list[ApiKey], text: str) -> None:
    """Time the search, and check that it finds every key."""
    runs = [timed(lambda: keys_in_pieces([text])) for _ in range(RUNS)]
    pasted: Pasted = runs[0][1]
    if {match.key.pk for match in pasted.matches} != {key.pk for key in keys}:
        raise SystemExit("Not every key was found.")
    proofs = ", ".join(match.proof.code for match in pasted.matches)
    print(
        f"{len(text)} characters: {statistics.median(took for took, _ in runs):.3f} s; {proofs}; "
        f"{pasted.strangers} unknown tokens"
    )


def show_reads(keys: list[ApiKey]) -> None:
    """Time the counts of what the keys read, and the file of one of them."""
    now = timezone.now()
    for name, period in {"year": Period.of(now - timedelta(days=365)), "six years": Period.of()}.items():
        for state in ("cold", "warm"):
            if state == "cold":
                many_answers.forget()
            took, found = timed(lambda period=period: reads.of_keys(keys, period))
            calls = sum(each.calls for each in found.values())
            print(f"{len(keys)} keys, {name}, {calls} answers, {state}: {took:.3f} s")
        one: Reads = found[keys[0].pk]
        took, lines = timed(lambda one=one: sum(1 for _ in sheet.lines(one)))
        print(f"file of one key, {name}: {lines} lines in {took:.3f} s", flush=True)


def main() -> None:
    """Fill, measure and print."""
    rows = int(float(sys.argv[1]) * many_answers.MILLION) if len(sys.argv) > 1 else 10 * many_answers.MILLION
    many_answers.fill(rows)
    keys, text = leaked()
    add_keys()
    show_search(keys, text)
    show_reads(keys[:5])


if __name__ == "__main__":
    main()
