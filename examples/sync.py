#!/usr/bin/env python3
"""Copy an organization's encounters into a SQLite file, and keep the copy up to date. Needs only Python 3.11.

    export CHARTERO_URL=https://api.example.com
    export CHARTERO_KEY=…          # or: --key-file PATH
    python3 sync.py --since 2024-01-01T00:00:00Z

The first run copies the encounters created since then. Later runs, without --since, continue where the last one ended,
with an overlap, because an encounter can become visible a little after its `created_at`. You can stop a run at any time
and run it again.

A changed encounter keeps its `created_at`, so later runs don't read it again. From time to time, use --since again to
read everything. Encounters whose `read_at` is older than that run are no longer served.

The table `encounters` has one row for each encounter: `sqlite3 encounters.sqlite3 'SELECT encounter FROM encounters'`
prints one JSON object per line. Exit codes: 0 done, 1 the copy can't be written, 2 not set up, 3 the key is refused,
4 the key can't read encounters, 5 the call is wrong, 6 the API was unavailable for too long, 7 the API failed,
130 interrupted.
"""

import argparse
import email.utils
import http.client
import itertools
import json
import os
import random
import re
import sqlite3
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

LIST = "/external/v1/encounters"
LIMIT, LARGEST_OFFSET = 100, 10_000
REACH = LARGEST_OFFSET + LIMIT  # how many encounters of one window can be read
FIRST_PAUSE, LONGEST_PAUSE, LONGEST = 1.0, 60.0, 1e8  # seconds
EARLIEST = datetime.min.replace(tzinfo=UTC)
NOT_WRITTEN, NOT_SET_UP, KEY, ACCESS, CALL, OUT_OF_REACH, FAILED, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

# The reason codes that stop a run: the exit code, and what to do.
STOPS = {
    "missing_bearer": (KEY, "No key arrived. Does a proxy remove the Authorization header?"),
    "api_keys_disabled": (KEY, "API keys are switched off for everyone. Run this again later."),
    "test_prefix_not_allowed": (KEY, "This is a test key, but CHARTERO_URL accepts live keys only."),
    "malformed_token": (KEY, "The key is not complete. Copy the whole key again."),
    "invalid_key": (KEY, "The key is unknown. Do the key and CHARTERO_URL belong together?"),
    "disabled_key": (KEY, "The key is disabled. Ask the people who issued it."),
    "revoked_key": (KEY, "The key has been revoked. Ask for a new one."),
    "expired_key": (KEY, "The key has expired. Use the new key, or ask for one."),
    "source_not_allowed": (ACCESS, "The key may not be used from this network. Ask for this network to be allowed."),
    "org_scope_only_required": (ACCESS, "The key doesn't belong to an organization. Ask for one that does."),
    "organization_not_allowlisted": (ACCESS, "The organization is not allowlisted. Ask for access."),
    "route_not_allowed": (ACCESS, "The route encounters.list is not enabled for the organization. Ask for access."),
    "missing_scope": (ACCESS, "The key lacks a scope. It needs encounters:read, patients:read and documents:read."),
    "unsupported_filter": (CALL, "The API doesn't know one of the parameters. Is this file up to date?"),
    "invalid_limit": (CALL, "The API doesn't accept this limit. Is this file up to date?"),
    "invalid_offset": (CALL, "The API doesn't accept this offset. Is this file up to date?"),
    "invalid_sort": (CALL, "The API doesn't accept this order. Is this file up to date?"),
    "invalid_query": (CALL, "The API doesn't accept this window. Check --since and --until."),
    "cursor_expired": (CALL, "The API no longer keeps the changes after this cursor. Read the list again."),
    "https_required": (CALL, "CHARTERO_URL must begin with https://. Have the key rotated: it was sent unencrypted."),
    "route_not_found": (CALL, "There is no such route. Check CHARTERO_URL."),
    "method_not_allowed": (CALL, "Only GET is supported. Does a proxy change the call?"),
    "bad_request": (CALL, "The API doesn't serve this host. Check CHARTERO_URL."),
    "internal_error": (FAILED, "The service failed twice. Send the request id to its support."),
}


class Stop(Exception):
    """Stop the run, with a message and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Again(Exception):
    """Send the same call again after at least so many seconds. `twice` stops the run if this is the second time."""

    def __init__(self, why: str, *, seconds: float = 0.0, twice: Stop | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.twice = twice


@dataclass(frozen=True)
class Window:
    """The encounters with start <= created_at < end."""

    start: datetime
    end: datetime

    def halves(self) -> tuple["Window", "Window"]:
        """Return the earlier and the later half."""
        middle = self.start + (self.end - self.start) / 2
        if not self.start < middle < self.end:
            raise Stop(f"Over {REACH:,} encounters share the created_at {rfc3339(self.start)}.", CALL)
        return replace(self, end=middle), replace(self, start=middle)


@dataclass(frozen=True)
class Page:
    """Encounters ordered by created_at, and the total of the whole window."""

    items: list[dict[str, Any]]
    total: int

    @classmethod
    def of(cls, body: Any) -> "Page":
        """Return the page in a response; ValueError, KeyError or TypeError if it is not one."""
        for each in body["items"]:
            if not word(each["encounter_id"]):
                raise ValueError("not an id")
            for name in ("created_at", "updated_at"):
                moment(each[name])
        return cls(body["items"], body["total"] + 0)

    def has(self, encounter_id: str) -> bool:
        """Return True if the encounter is on this page."""
        return any(item["encounter_id"] == encounter_id for item in self.items)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirects: the API never redirects, and the key must not go anywhere else."""

    def redirect_request(self, *answer: Any) -> None:
        """Return no new request."""


class Api:
    """The list of encounters. Retries until its patience ends. The key is never in a message or a `repr`."""

    def __init__(self, url: str, key: str, *, timeout: float, patience: float) -> None:
        self._url, self._key, self._timeout, self._patience = url, key, timeout, patience
        self._opener = urllib.request.build_opener(NoRedirect)

    def page(self, window: Window, offset: int) -> Page:
        """Return a page; Stop if that fails or takes too long."""
        query = {"limit": LIMIT, "offset": offset, "sort_order": "asc"}
        query |= {"start_at": rfc3339(window.start), "end_at": rfc3339(window.end)}
        url = f"{self._url}{LIST}?{urllib.parse.urlencode(query)}"
        give_up, twice = time.monotonic() + self._patience, None
        for attempt in itertools.count():
            try:
                return self._once(url)
            except Again as fault:
                if fault.twice and twice:
                    raise fault.twice from None
                twice = fault.twice
                pause = fault.seconds + jitter(attempt)
                if time.monotonic() + pause > give_up:
                    raise Stop(f"Unavailable for too long: {fault}. Run this again later.", OUT_OF_REACH) from None
                tell(f"{fault}; retrying in {pause:.1f} s")
                time.sleep(pause)
        raise AssertionError("unreachable: the attempts never end")

    def _once(self, url: str) -> Page:
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": "chartero-sync"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 – only https, or this machine
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return Page.of(json.load(answer))
        except urllib.error.HTTPError as refusal:
            with refusal:
                refused(refusal)
        except urllib.error.URLError as fault:
            if isinstance(fault.reason, ssl.SSLCertVerificationError):
                raise Stop(f"Not the right server: {fault.reason.verify_message}.", NOT_SET_UP) from None
            raise Again(f"no connection ({fault.reason})") from None
        except (OSError, http.client.HTTPException) as fault:
            raise Again(f"the connection broke ({type(fault).__name__})") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Again("the answer is not a page of encounters") from None


def refused(refusal: urllib.error.HTTPError) -> NoReturn:
    """Raise Again or Stop for a response other than 200."""
    status, code, request_id = refusal.code, reason_code(refusal), word(refusal.headers.get("X-Request-ID"))
    told = f"HTTP {status} {code or 'without a reason code'}" + (f", X-Request-ID {request_id}" if request_id else "")
    if status == 429 or (status >= 500 and code not in STOPS):
        raise Again(told, seconds=retry_after(refusal.headers.get("Retry-After", "")))
    exit_code, advice = STOPS.get(code, (CALL, "Is CHARTERO_URL correct, or does a proxy respond instead of the API?"))
    stop = Stop(f"{told}. {advice}", exit_code)
    raise Again(told, twice=stop) if exit_code == FAILED else stop


def reason_code(refusal: urllib.error.HTTPError) -> str:
    """Return the reason code, or nothing if the API didn't send the body; Again if the body was cut off."""
    try:
        return word(json.load(refusal)["reason_code"])
    except (OSError, http.client.HTTPException) as fault:
        raise Again(f"the connection broke ({type(fault).__name__})") from None
    except (ValueError, KeyError, TypeError):
        return ""


def word(text: object) -> str:
    """Return an id or a code, or nothing if it could harm a terminal."""
    return text if isinstance(text, str) and re.fullmatch(r"[\w-]{1,80}", text, re.ASCII) else ""


def retry_after(text: str) -> float:
    """Return the seconds in the header, given as seconds or as a date (RFC 9110, section 10.2.3)."""
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def jitter(attempt: int) -> float:
    """Return a random pause with a limit that doubles, so that clients don't all retry together."""
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 10)))  # noqa: S311 – not a secret


def pages(api: Api, window: Window) -> Iterator[Page]:
    """Yield all pages of a window. Split it as often as necessary to reach everything in it."""
    waiting = [window]
    while waiting:
        part = waiting.pop()
        page = api.page(part, 0)
        if page.total > REACH:
            waiting += reversed(part.halves())
        else:
            yield page
            yield from following(api, part, page)


def following(api: Api, window: Window, page: Page) -> Iterator[Page]:
    """Yield the pages after the first. Each one must contain the last encounter of the page before.

    If an encounter is withdrawn while we page, all later ones move up by one, and we would miss one: step back.
    """
    offset = 0
    while offset + len(page.items) < page.total:
        last = page.items[-1]["encounter_id"]
        offset = min(offset + len(page.items) - 1, LARGEST_OFFSET)
        page = api.page(window, offset)
        while offset and not page.has(last):
            offset = max(0, offset - LIMIT + 1)
            page = api.page(window, offset)
        if page.total > REACH:
            yield from pages(api, window)
            return
        yield page


class Copy:
    """The encounters in SQLite, each one once. A page is stored completely or not at all."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS encounters (encounter_id TEXT PRIMARY KEY, created_at TEXT NOT NULL,"
            " updated_at TEXT NOT NULL, read_at TEXT NOT NULL, encounter TEXT NOT NULL)"
        )

    def keep(self, page: Page) -> None:
        """Store new encounters, and replace stored ones unless they are newer."""
        now = datetime.now(UTC)
        rows = [
            (each["encounter_id"], *map(sortable, (moment(each["created_at"]), moment(each["updated_at"]), now)), line)
            for each, line in ((each, json.dumps(each, ensure_ascii=False)) for each in page.items)
        ]
        with self._database:
            self._database.executemany(
                "INSERT INTO encounters VALUES (?, ?, ?, ?, ?) ON CONFLICT (encounter_id) DO UPDATE SET"
                " created_at = excluded.created_at, updated_at = excluded.updated_at, read_at = excluded.read_at,"
                " encounter = excluded.encounter WHERE excluded.updated_at >= encounters.updated_at",
                rows,
            )

    def size(self) -> int:
        """Return the number of encounters."""
        return int(self._database.execute("SELECT count(*) FROM encounters").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class State:
    """The progress of the copy, in a file that is replaced as a whole."""

    def __init__(self, file: Path, url: str) -> None:
        self._file, self._url = file, url

    def read(self) -> datetime | None:
        """Return the time before which everything has been read, or None before the first run."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            url, until = kept["url"], moment(kept["read_until"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise Stop(f"{self._file} is not a state file of this program.", NOT_SET_UP) from None
        if url != self._url:
            raise Stop(f"{self._file} belongs to another CHARTERO_URL: {url}", NOT_SET_UP)
        return until

    def write(self, until: datetime) -> None:
        """Save that everything before this time has been read."""
        draft = self._file.with_name(f"{self._file.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"url": self._url, "read_until": rfc3339(until)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)


def sync(api: Api, copy: Copy, state: State, window: Window) -> int:
    """Copy a window and save the progress after each page. Return the number of encounters read."""
    read = 0
    for page in pages(api, window):
        copy.keep(page)
        read += len(page.items)
        if page.items:
            state.write(moment(page.items[-1]["created_at"]))
            tell(f"{read:,} encounters read, to {page.items[-1]['created_at']}")
    state.write(window.end)
    return read


def moment(text: str) -> datetime:
    """Read an RFC 3339 date-time with a time zone; ValueError if it is invalid or can't be converted to UTC."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without a time zone")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time before the year 1 or after the year 9999") from None


def seconds(text: str) -> float:
    """Read a number of seconds, at most three years."""
    number = float(text)
    if not 0 <= number <= LONGEST:
        raise ValueError("not a number of seconds")
    return number


def timeout(text: str) -> float:
    """Read a timeout in seconds: at least a millisecond, at most a day."""
    number = seconds(text)
    if not 0.001 <= number <= 86_400:
        raise ValueError("not a time to wait")
    return number


def rfc3339(when: datetime) -> str:
    """Write a time in UTC."""
    return when.isoformat().replace("+00:00", "Z")


def sortable(when: datetime) -> str:
    """Write a time so that strings sort like times. The API leaves out a fraction that is zero."""
    return when.isoformat(timespec="microseconds")


def tell(line: str) -> None:
    """Print the progress, without keys or patient data."""
    sys.stderr.write(f"{line}\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Copy an organization's encounters, and keep the copy up to date.")
    parser.add_argument(
        "--since", type=moment, help="read from this time: 2024-01-01T00:00:00Z (needed for the first run)"
    )
    parser.add_argument("--until", type=moment, help="read up to this time (default: now)")
    parser.add_argument("--out", type=Path, default=Path("encounters.sqlite3"), help="the copy (default: %(default)s)")
    parser.add_argument("--state", type=Path, help="file for the progress (default: the copy's name and .state)")
    parser.add_argument("--key-file", type=Path, help="file with the key (default: CHARTERO_KEY)")
    parser.add_argument("--overlap", type=seconds, default=3600, help="seconds to read again (default: 3600)")
    parser.add_argument("--timeout", type=timeout, default=30, help="seconds to wait for a response (default: 30)")
    parser.add_argument("--patience", type=seconds, default=900, help="seconds to retry a call (default: 900)")
    return parser.parse_args()


def base_url() -> str:
    """Return CHARTERO_URL; Stop if it would send the key unencrypted."""
    url = os.environ.get("CHARTERO_URL", "").rstrip("/")
    if not is_base(url):
        raise Stop("Set CHARTERO_URL to the address of the API: https://api.example.com", NOT_SET_UP)
    return url


def is_base(url: str) -> bool:
    """Return True if a URL has only a scheme, a host and maybe a port, and uses https unless it is this machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_whole = (
            bool(parts.hostname) and parts.port != 0 and url.lower() == f"{parts.scheme}://{parts.netloc}".lower()
        )
    except ValueError:  # a bad address in brackets, or a bad port
        return False
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return is_whole and (parts.scheme == "https" or (parts.scheme == "http" and here))


def api_key(file: Path | None) -> str:
    """Return the key, from the file or from CHARTERO_KEY."""
    try:
        key = (file.read_text(encoding="ascii") if file else os.environ.get("CHARTERO_KEY", "")).strip()
    except (OSError, ValueError):
        raise Stop(f"The key can't be read from {file}.", NOT_SET_UP) from None
    if not re.fullmatch(r"[!-~]+", key):
        raise Stop("Set CHARTERO_KEY to the API key, or use --key-file.", NOT_SET_UP)
    return key


def start(since: datetime | None, read_until: datetime | None, overlap: timedelta) -> datetime:
    """Return where to begin: at --since, or with an overlap before the end of the last run."""
    if since is None:
        if read_until is None:
            raise Stop("Nothing has been read yet. Set the start: --since 2024-01-01T00:00:00Z", NOT_SET_UP)
        return read_until - min(overlap, read_until - EARLIEST)
    if read_until and since > read_until:
        raise Stop(f"Read until {rfc3339(read_until)}. A later --since would leave a gap.", NOT_SET_UP)
    return since


def asked_window(options: argparse.Namespace, read_until: datetime | None) -> Window:
    """Return the window to read."""
    begin = start(options.since, read_until, timedelta(seconds=options.overlap))
    window = Window(begin, options.until or datetime.now(UTC))
    if not window.start < window.end:
        raise Stop("The window ends before it starts. Check --since, --until and the clock.", NOT_SET_UP)
    return window


def run(options: argparse.Namespace) -> None:
    """Bring the copy up to date."""
    os.umask(0o077)  # patient data: only for this user
    url = base_url()
    api = Api(url, api_key(options.key_file), timeout=options.timeout, patience=options.patience)
    state = State(options.state or options.out.with_name(f"{options.out.name}.state"), url)
    window = asked_window(options, state.read())
    with closing(Copy(options.out)) as copy:
        read = sync(api, copy, state, window)
        tell(f"Done to {rfc3339(window.end)}: {read:,} encounters read, {copy.size():,} in {options.out}.")


def main() -> int:
    """Run, and return the exit code."""
    try:
        run(arguments())
    except Stop as stop:
        tell(f"Stopped: {stop}")
        return stop.exit_code
    except (sqlite3.Error, OSError) as fault:
        tell(f"Stopped: the copy or its state can't be written: {fault}")
        return NOT_WRITTEN
    except KeyboardInterrupt:
        tell("Interrupted. Run this again to continue.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
