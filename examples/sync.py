#!/usr/bin/env python3
"""Copy an organization's encounters into a SQLite file, and keep that copy up to date. Python 3.11, nothing to install.

    export CHARTERO_URL=https://api.example.com
    export CHARTERO_KEY=…          # or: --key-file PATH
    python3 sync.py --since 2024-01-01T00:00:00Z

The first run copies what was created since then. Each later run, without --since, goes on where the last one ended,
an overlap earlier, because an encounter can become visible a little after its `created_at`. A run that was stopped,
at whatever moment, is simply run again.

An encounter that has changed keeps its `created_at`, so a later run does not come by it again: give --since again from
time to time. That reads everything anew; what `read_at` shows as not read by then is no longer served.

The table `encounters` holds each encounter once, under its id: `sqlite3 encounters.sqlite3 'SELECT encounter FROM
encounters'` prints one JSON object a line. Exit codes: 0 done, 1 the copy cannot be written, 2 not set up, 3 the key is
refused, 4 it may not read encounters, 5 the API does not understand the call, 6 it was out of reach for too long,
7 it failed, 130 interrupted.
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
REACH = LARGEST_OFFSET + LIMIT  # how many encounters of one window can be paged through
FIRST_PAUSE, LONGEST_PAUSE, LONGEST = 1.0, 60.0, 1e8  # seconds
EARLIEST = datetime.min.replace(tzinfo=UTC)
NOT_WRITTEN, NOT_SET_UP, KEY, ACCESS, CALL, OUT_OF_REACH, FAILED, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

# What ends a run, by reason code: the exit code, and what to do.
STOPS = {
    "missing_bearer": (KEY, "No key arrived: does a proxy take the Authorization header away?"),
    "api_keys_disabled": (KEY, "API keys are switched off for everyone. Run this again later."),
    "test_prefix_not_allowed": (KEY, "This is a test key, and CHARTERO_URL takes live keys only."),
    "malformed_token": (KEY, "The key is not complete. Copy it again, whole."),
    "invalid_key": (KEY, "The key is not known there. Do the key and CHARTERO_URL belong together?"),
    "disabled_key": (KEY, "The key is disabled. Ask who issued it."),
    "revoked_key": (KEY, "The key has been revoked for good. Ask for a new one."),
    "expired_key": (KEY, "The key has expired. Take its successor, or ask for a new one."),
    "org_scope_only_required": (ACCESS, "The key belongs to no organization. Ask for one that does."),
    "organization_not_allowlisted": (ACCESS, "The organization is not open for the API. Ask for that."),
    "route_not_allowed": (ACCESS, "The route encounters.list is not enabled for the organization. Ask for that."),
    "missing_scope": (ACCESS, "The key lacks a scope. It needs encounters:read, patients:read and documents:read."),
    "unsupported_filter": (CALL, "The API does not know one of the parameters. Is this file up to date?"),
    "invalid_limit": (CALL, "The API does not take this limit. Is this file up to date?"),
    "invalid_offset": (CALL, "The API does not take this offset. Is this file up to date?"),
    "invalid_sort": (CALL, "The API does not take this order. Is this file up to date?"),
    "invalid_query": (CALL, "The API does not take this window. Look at --since and --until."),
    "https_required": (CALL, "CHARTERO_URL has to begin with https://. Ask to rotate the key: it was sent in clear."),
    "route_not_found": (CALL, "There is no such route. Look at CHARTERO_URL."),
    "method_not_allowed": (CALL, "Only GET is supported. Does a proxy change the call?"),
    "bad_request": (CALL, "The API does not answer for this host. Look at CHARTERO_URL."),
    "internal_error": (FAILED, "The service failed twice. Quote the request id to its support."),
}


class Stop(Exception):
    """The run ends here: why, for a person, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Again(Exception):
    """The same call may be sent again, not before so many seconds; a refusal that ends the run if it comes twice."""

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
        """Return its earlier and its later half."""
        middle = self.start + (self.end - self.start) / 2
        if not self.start < middle < self.end:
            raise Stop(f"Over {REACH:,} encounters share the created_at {rfc3339(self.start)}.", CALL)
        return replace(self, end=middle), replace(self, start=middle)


@dataclass(frozen=True)
class Page:
    """Encounters in the order of their created_at, and how many the whole window has."""

    items: list[dict[str, Any]]
    total: int

    @classmethod
    def of(cls, body: Any) -> "Page":
        """Return the page in an answer; ValueError, KeyError or TypeError where it is none."""
        for each in body["items"]:
            if not word(each["encounter_id"]):
                raise ValueError("not an id")
            for name in ("created_at", "updated_at"):
                moment(each[name])
        return cls(body["items"], body["total"] + 0)

    def has(self, encounter_id: str) -> bool:
        """Tell whether the encounter is on this page."""
        return any(item["encounter_id"] == encounter_id for item in self.items)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The API never redirects, and the key must not go where something else points to."""

    def redirect_request(self, *answer: Any) -> None:
        """Follow nothing."""


class Api:
    """The list of encounters, asked again for as long as patience lasts. The key is in no message and no `repr`."""

    def __init__(self, url: str, key: str, *, timeout: float, patience: float) -> None:
        self._url, self._key, self._timeout, self._patience = url, key, timeout, patience
        self._opener = urllib.request.build_opener(NoRedirect)

    def page(self, window: Window, offset: int) -> Page:
        """Return a page; Stop where that cannot be, or not in time."""
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
                    raise Stop(f"Out of reach for too long: {fault}. Run this again later.", OUT_OF_REACH) from None
                tell(f"{fault}; again in {pause:.1f} s")
                time.sleep(pause)
        raise AssertionError("the attempts never end")

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
    """Raise Again or Stop for an answer that is not 200."""
    status, code, request_id = refusal.code, reason_code(refusal), word(refusal.headers.get("X-Request-ID"))
    told = f"HTTP {status} {code or 'without a reason code'}" + (f", X-Request-ID {request_id}" if request_id else "")
    if status == 429 or (status >= 500 and code not in STOPS):
        raise Again(told, seconds=retry_after(refusal.headers.get("Retry-After", "")))
    exit_code, advice = STOPS.get(code, (CALL, "Is CHARTERO_URL right, and does no proxy answer in place of the API?"))
    stop = Stop(f"{told}. {advice}", exit_code)
    raise Again(told, twice=stop) if exit_code == FAILED else stop


def reason_code(refusal: urllib.error.HTTPError) -> str:
    """Return what to branch on; Again where the body was cut off, nothing where it is not the API's."""
    try:
        return word(json.load(refusal)["reason_code"])
    except (OSError, http.client.HTTPException) as fault:
        raise Again(f"the connection broke ({type(fault).__name__})") from None
    except (ValueError, KeyError, TypeError):
        return ""


def word(text: object) -> str:
    """Return an id or a code as it came; nothing for what could harm a terminal."""
    return text if isinstance(text, str) and re.fullmatch(r"[\w-]{1,80}", text, re.ASCII) else ""


def retry_after(text: str) -> float:
    """Return the seconds that the header asks for, given as seconds or as a date (RFC 9110, section 10.2.3)."""
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def jitter(attempt: int) -> float:
    """Return a random pause below a bound that doubles: what failed together does not come back together."""
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 10)))  # noqa: S311 – not a secret


def pages(api: Api, window: Window) -> Iterator[Page]:
    """Yield all pages of a window, which is split as often as it takes to reach everything in it."""
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
    """Yield the pages after the first. Each has the last encounter of the one before, else something has moved up.

    An encounter that is withdrawn while we page moves all behind it up by one, and one of them past us: step back.
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
    """The encounters in SQLite, each once: a page is there as a whole or not at all."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS encounters (encounter_id TEXT PRIMARY KEY, created_at TEXT NOT NULL,"
            " updated_at TEXT NOT NULL, read_at TEXT NOT NULL, encounter TEXT NOT NULL)"
        )

    def keep(self, page: Page) -> None:
        """Write what is new, and what is not older than the encounter that is there."""
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
        """Return how many encounters there are."""
        return int(self._database.execute("SELECT count(*) FROM encounters").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class State:
    """How far the copy is complete, in a file that is replaced as a whole."""

    def __init__(self, file: Path, url: str) -> None:
        self._file, self._url = file, url

    def read(self) -> datetime | None:
        """Return the moment before which everything has been read; None before the first run."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            url, until = kept["url"], moment(kept["read_until"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise Stop(f"{self._file} is not a state of this program.", NOT_SET_UP) from None
        if url != self._url:
            raise Stop(f"{self._file} belongs to another CHARTERO_URL: {url}", NOT_SET_UP)
        return until

    def write(self, until: datetime) -> None:
        """Note that everything before this moment has been read."""
        draft = self._file.with_name(f"{self._file.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"url": self._url, "read_until": rfc3339(until)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)


def sync(api: Api, copy: Copy, state: State, window: Window) -> int:
    """Copy a window, noting after each page how far it has come; return how many encounters were read."""
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
    """Read an RFC 3339 date-time with a zone; ValueError if it is none, or none that UTC can hold."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time before the year 1 or after the year 9999") from None


def seconds(text: str) -> float:
    """Read a number of seconds, of at most three years."""
    number = float(text)
    if not 0 <= number <= LONGEST:
        raise ValueError("not a number of seconds")
    return number


def timeout(text: str) -> float:
    """Read for how many seconds to wait for an answer: at least a millisecond, at most a day."""
    number = seconds(text)
    if not 0.001 <= number <= 86_400:
        raise ValueError("not a time to wait")
    return number


def rfc3339(when: datetime) -> str:
    """Write a moment in UTC."""
    return when.isoformat().replace("+00:00", "Z")


def sortable(when: datetime) -> str:
    """Write a moment so that texts sort as times do: the API leaves a fraction out where it is zero."""
    return when.isoformat(timespec="microseconds")


def tell(line: str) -> None:
    """Say how it goes: never a key, never anything of a patient."""
    sys.stderr.write(f"{line}\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Copy an organization's encounters, and keep the copy up to date.")
    parser.add_argument("--since", type=moment, help="read from here: 2024-01-01T00:00:00Z (needed for the first run)")
    parser.add_argument("--until", type=moment, help="read up to here (default: now)")
    parser.add_argument("--out", type=Path, default=Path("encounters.sqlite3"), help="the copy (default: %(default)s)")
    parser.add_argument("--state", type=Path, help="how far it is complete (default: the copy's name and .state)")
    parser.add_argument("--key-file", type=Path, help="the file with the key (default: CHARTERO_KEY)")
    parser.add_argument("--overlap", type=seconds, default=3600, help="seconds that a run reads again (default: 3600)")
    parser.add_argument("--timeout", type=timeout, default=30, help="seconds without an answer (default: 30)")
    parser.add_argument("--patience", type=seconds, default=900, help="seconds to try one call again (default: 900)")
    return parser.parse_args()


def base_url() -> str:
    """Return CHARTERO_URL; the key goes over the network encrypted or not at all."""
    url = os.environ.get("CHARTERO_URL", "").rstrip("/")
    if not is_base(url):
        raise Stop("Set CHARTERO_URL to the address of the API: https://api.example.com", NOT_SET_UP)
    return url


def is_base(url: str) -> bool:
    """Return True if a URL is a scheme and a host, with or without a port, and encrypted unless it is this machine."""
    try:
        parts = urllib.parse.urlsplit(url)
        is_whole = (
            bool(parts.hostname) and parts.port != 0 and url.lower() == f"{parts.scheme}://{parts.netloc}".lower()
        )
    except ValueError:  # a broken address in brackets, a port that is none
        return False
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return is_whole and (parts.scheme == "https" or (parts.scheme == "http" and here))


def api_key(file: Path | None) -> str:
    """Return the key, from the file or from CHARTERO_KEY."""
    try:
        key = (file.read_text(encoding="ascii") if file else os.environ.get("CHARTERO_KEY", "")).strip()
    except (OSError, ValueError):
        raise Stop(f"The key cannot be read from {file}.", NOT_SET_UP) from None
    if not re.fullmatch(r"[!-~]+", key):
        raise Stop("Set CHARTERO_KEY to the API key, or give --key-file.", NOT_SET_UP)
    return key


def start(since: datetime | None, read_until: datetime | None, overlap: timedelta) -> datetime:
    """Return where to begin: at --since, else an overlap before where the last run ended."""
    if since is None:
        if read_until is None:
            raise Stop("Nothing has been read yet: say from when on, --since 2024-01-01T00:00:00Z", NOT_SET_UP)
        return read_until - min(overlap, read_until - EARLIEST)
    if read_until and since > read_until:
        raise Stop(f"Read until {rfc3339(read_until)}: a later --since would leave a gap.", NOT_SET_UP)
    return since


def asked_window(options: argparse.Namespace, read_until: datetime | None) -> Window:
    """Return what to read."""
    begin = start(options.since, read_until, timedelta(seconds=options.overlap))
    window = Window(begin, options.until or datetime.now(UTC))
    if not window.start < window.end:
        raise Stop("The window ends before it starts. Look at --since, --until and the clock.", NOT_SET_UP)
    return window


def run(options: argparse.Namespace) -> None:
    """Bring the copy up to date."""
    os.umask(0o077)  # patients' data: for nobody else on this machine
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
        tell(f"Stopped: the copy or its state cannot be written: {fault}")
        return NOT_WRITTEN
    except KeyboardInterrupt:
        tell("Interrupted. Run this again to go on.")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
