#!/usr/bin/env python3
"""Copy an organization's encounters into a SQLite file, and keep the copy up to date. Needs only Python 3.11.

    export CHARTERO_URL=https://api.example.com
    export CHARTERO_KEY=…          # or: --key-file PATH
    python3 sync.py --since 2024-01-01T00:00:00Z

The first run copies the encounters created since then. Later runs, without --since, read only what has changed, and
remove what was withdrawn. You can stop a run at any time and run it again. If a run comes too late, so that the changes
are no longer kept, it reads the list again, and so does the first run without --until after one with it.

If the route changes.list is not enabled for your organization, or with --list-only, later runs read the list where the
last one ended, with an overlap, because an encounter can become visible a little after its `created_at`. They don't
notice changes to older encounters: from time to time, use --since again to read everything.

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
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

LIST, CHANGES = "/external/v1/encounters", "/external/v1/changes"
MOST_CHANGES = 1000
LIMIT, LARGEST_OFFSET = 100, 10_000
REACH = LARGEST_OFFSET + LIMIT  # how many encounters of one window can be read
FIRST_PAUSE, LONGEST_PAUSE, LONGEST = 1.0, 60.0, 1e8  # seconds
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NOT_WRITTEN, NOT_SET_UP, KEY, ACCESS, CALL, OUT_OF_REACH, FAILED, INTERRUPTED = 1, 2, 3, 4, 5, 6, 7, 130

Answer = TypeVar("Answer")

# The reason codes with which an encounter is not served, or no longer.
GONE = ("encounter_not_found", "cross_organization_denied", "demo_training_denied")
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
    "route_not_allowed": (ACCESS, "The routes encounters.list and encounters.detail must be enabled. Ask for access."),
    "missing_scope": (ACCESS, "The key lacks a scope. It needs encounters:read, patients:read and documents:read."),
    "unsupported_filter": (CALL, "The API doesn't know one of the parameters. Is this file up to date?"),
    "invalid_limit": (CALL, "The API doesn't accept this limit. Is this file up to date?"),
    "invalid_offset": (CALL, "The API doesn't accept this offset. Is this file up to date?"),
    "invalid_sort": (CALL, "The API doesn't accept this order. Is this file up to date?"),
    "invalid_query": (CALL, "The API doesn't accept this window or cursor. Check --since and --until."),
    "cursor_expired": (CALL, "The last run is too long ago. Use --since to read everything again."),
    "https_required": (CALL, "CHARTERO_URL must begin with https://. Have the key rotated: it was sent unencrypted."),
    "route_not_found": (CALL, "There is no such route. Check CHARTERO_URL."),
    "method_not_allowed": (CALL, "Only GET is supported. Does a proxy change the call?"),
    "bad_request": (CALL, "The API doesn't serve this host. Check CHARTERO_URL."),
    "internal_error": (FAILED, "The service failed twice. Send the request id to its support."),
}


class Stop(Exception):
    """Stop the run, with a message and an exit code. `code` is the reason code of the refusal, if there was one."""

    def __init__(self, message: str, exit_code: int, code: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code


class NotEnabled(Stop):
    """The route of changes is not enabled."""


class Expired(Stop):
    """The cursor is no longer valid: only the list shows what changed."""


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
        return cls([checked(each) for each in body["items"]], body["total"] + 0)

    def has(self, encounter_id: str) -> bool:
        """Return True if the encounter is on this page."""
        return any(item["encounter_id"] == encounter_id for item in self.items)


@dataclass(frozen=True)
class Changes:
    """Which encounters changed, in order: each id, and whether it was withdrawn. And the cursor to continue from."""

    items: list[tuple[str, bool]]
    next_cursor: str
    has_more: bool

    @classmethod
    def of(cls, body: Any) -> "Changes":
        """Return the page in a response; ValueError, KeyError or TypeError if it is not one."""
        items = [(word(each["encounter_id"]), each["change"] == "withdrawn") for each in body["items"]]
        cursor, has_more = word(body["next_cursor"]), body["has_more"]
        if not cursor or not isinstance(has_more, bool) or not all(encounter_id for encounter_id, _ in items):
            raise ValueError("not a page of changes")
        return cls(items, cursor, has_more)


def checked(encounter: Any) -> dict[str, Any]:
    """Return an encounter of a response; ValueError, KeyError or TypeError if it is not one."""
    if not word(encounter["encounter_id"]):
        raise ValueError("not an id")
    for name in ("created_at", "updated_at"):
        moment(encounter[name])
    return dict(encounter)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirects: the API never redirects, and the key must not go anywhere else."""

    def redirect_request(self, *answer: Any) -> None:
        """Return no new request."""


class Api:
    """Encounters and their changes. Retries until its patience ends. The key is never in a message or a `repr`."""

    def __init__(self, url: str, key: str, *, timeout: float, patience: float) -> None:
        self._url, self._key, self._timeout, self._patience = url, key, timeout, patience
        self._opener = urllib.request.build_opener(NoRedirect)

    def page(self, window: Window, offset: int) -> Page:
        """Return a page; Stop if that fails or takes too long."""
        query = {"limit": LIMIT, "offset": offset, "sort_order": "asc"}
        query |= {"start_at": rfc3339(window.start), "end_at": rfc3339(window.end)}
        return self._read(f"{LIST}?{urllib.parse.urlencode(query)}", Page.of)

    def changes(self, cursor: str | None) -> Changes:
        """Return the changes after a cursor, or the oldest; NotEnabled or Expired if only the list is left to read."""
        query = {"limit": MOST_CHANGES} | ({"cursor": cursor} if cursor else {})
        try:
            return self._read(f"{CHANGES}?{urllib.parse.urlencode(query)}", Changes.of)
        except Stop as stop:
            if stop.code in ("route_not_allowed", "route_not_found"):
                raise NotEnabled(str(stop), stop.exit_code) from None
            if cursor and stop.code in ("cursor_expired", "invalid_query"):
                raise Expired(str(stop), stop.exit_code) from None
            raise

    def encounter(self, encounter_id: str) -> dict[str, Any] | None:
        """Return one encounter, or None if it is no longer served."""
        try:
            return self._read(f"{LIST}/{encounter_id}", lambda body: checked(body["encounter"]))
        except Stop as stop:
            if stop.code in GONE:
                return None
            raise

    def _read(self, target: str, read: Callable[[Any], Answer]) -> Answer:
        url = self._url + target
        give_up, twice = time.monotonic() + self._patience, None
        for attempt in itertools.count():
            try:
                return self._once(url, read)
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

    def _once(self, url: str, read: Callable[[Any], Answer]) -> Answer:
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": "chartero-sync"}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 – only https, or this machine
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return read(json.load(answer))
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
            raise Again("the answer is not what was asked for") from None


def refused(refusal: urllib.error.HTTPError) -> NoReturn:
    """Raise Again or Stop for a response other than 200."""
    status, code, request_id = refusal.code, reason_code(refusal), word(refusal.headers.get("X-Request-ID"))
    told = f"HTTP {status} {code or 'without a reason code'}" + (f", X-Request-ID {request_id}" if request_id else "")
    if status == 429 or (status >= 500 and code not in STOPS):
        raise Again(told, seconds=retry_after(refusal.headers.get("Retry-After", "")))
    exit_code, advice = STOPS.get(code, (CALL, "Is CHARTERO_URL correct, or does a proxy respond instead of the API?"))
    stop = Stop(f"{told}. {advice}", exit_code, code)
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

    def keep(self, page: Page, mark: datetime | None = None) -> None:
        """Store new encounters, and replace stored ones: all in the list with this mark, otherwise unless newer."""
        with self._database:
            self._store(page.items, mark or datetime.now(UTC), replace_newer=mark is not None)

    def change(self, encounters: list[dict[str, Any]], gone: list[str]) -> None:
        """Store encounters that changed, and remove those that are no longer served."""
        with self._database:
            self._store(encounters, datetime.now(UTC), replace_newer=True)
            self._database.executemany("DELETE FROM encounters WHERE encounter_id = ?", [(each,) for each in gone])

    def mark(self) -> datetime:
        """Return the time that all encounters of a new list get as theirs: about now, and no stored one has it yet."""
        mark, sql = datetime.now(UTC), "SELECT 1 FROM encounters WHERE read_at = ?"
        while self._database.execute(sql, [sortable(mark)]).fetchone():
            mark += timedelta(microseconds=1)
        return mark

    def forget(self, window: Window, mark: datetime) -> int:
        """Remove the encounters of a window that were not read with this mark. Return their number."""
        values = [*map(sortable, (window.start, window.end, mark))]
        with self._database:
            sql = "DELETE FROM encounters WHERE created_at >= ? AND created_at < ? AND read_at <> ?"
            return self._database.execute(sql, values).rowcount

    def _store(self, encounters: list[dict[str, Any]], read_at: datetime, *, replace_newer: bool) -> None:
        rows = [(*stored(each, read_at), replace_newer) for each in encounters]
        self._database.executemany(
            "INSERT INTO encounters VALUES (?, ?, ?, ?, ?) ON CONFLICT (encounter_id) DO UPDATE SET"
            " created_at = excluded.created_at, updated_at = excluded.updated_at, read_at = excluded.read_at,"
            " encounter = excluded.encounter WHERE ? OR excluded.updated_at >= encounters.updated_at",
            rows,
        )

    def size(self) -> int:
        """Return the number of encounters."""
        return int(self._database.execute("SELECT count(*) FROM encounters").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def stored(encounter: dict[str, Any], read_at: datetime) -> tuple[str, ...]:
    """Return the values of a row."""
    times = moment(encounter["created_at"]), moment(encounter["updated_at"]), read_at
    return (encounter["encounter_id"], *map(sortable, times), json.dumps(encounter, ensure_ascii=False))


@dataclass(frozen=True)
class Progress:
    """How far the copy is.

    `read_until`: encounters created before this time have been read. `since`: older ones are not copied. `cursor`:
    where the changes continue, once the list is read. `listing`: the list is not read to the end. `whole`: if all of it
    is being read, from which time, and the mark of what has been read.
    """

    read_until: datetime | None = None
    since: datetime | None = None
    cursor: str | None = None
    listing: bool = False
    whole: tuple[datetime, datetime] | None = None

    @classmethod
    def of(cls, kept: Any) -> "Progress":
        """Return the progress in a file; ValueError, KeyError or TypeError if it is none."""
        whole = [moment(each) for each in kept.get("whole") or ()]
        unmarked = whole and "marked" not in kept  # by an older version: read all of it again
        return cls(
            read_until=moment(kept["read_until"]) if kept["read_until"] is not None and not unmarked else None,
            since=moment(kept["since"]) if kept.get("since") is not None else None,
            cursor=word(kept.get("cursor")) or None,
            listing=bool(kept.get("listing")),
            whole=(whole[0], whole[1]) if whole else None,
        )

    def told(self) -> dict[str, Any]:
        """Return what is kept in the file."""
        times = {"read_until": self.read_until, "since": self.since}
        return {
            **{name: when and rfc3339(when) for name, when in times.items()},
            "cursor": self.cursor,
            "listing": self.listing,
            "whole": [*map(rfc3339, self.whole)] if self.whole else None,
            "marked": True,
        }


class State:
    """The progress of the copy, in a file that is replaced as a whole."""

    def __init__(self, file: Path, url: str) -> None:
        self._file, self._url = file, url

    def read(self) -> Progress:
        """Return the progress, which is none before the first run."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            url, progress = kept["url"], Progress.of(kept)
        except FileNotFoundError:
            return Progress()
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise Stop(f"{self._file} is not a state file of this program.", NOT_SET_UP) from None
        if url != self._url:
            raise Stop(f"{self._file} belongs to another CHARTERO_URL: {url}", NOT_SET_UP)
        return progress

    def write(self, progress: Progress) -> Progress:
        """Save the progress, and return it."""
        draft = self._file.with_name(f"{self._file.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"url": self._url} | progress.told(), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        return progress


def sync(api: Api, copy: Copy, state: State, window: Window, progress: Progress) -> Progress:
    """Copy a window and save the progress after each page. If it is the whole list, remove what is no longer in it."""
    start, mark = progress.whole or (window.start, None)
    windows = [window]
    if mark and progress.cursor:  # later changes don't show what is dated after this clock
        windows.append(Window(window.end, LATEST))
    read = 0
    for page in itertools.chain.from_iterable(pages(api, each) for each in windows):
        copy.keep(page, mark)
        read += len(page.items)
        if page.items:
            last = page.items[-1]["created_at"]
            if moment(last) < window.end:
                progress = state.write(replace(progress, read_until=moment(last)))
            tell(f"{read:,} encounters read, to {last}")
    if mark:
        removed = copy.forget(Window(start, windows[-1].end), mark)
        tell(f"{removed:,} encounters removed that are no longer served")
    tell(f"List read to {rfc3339(window.end)}: {read:,} encounters.")
    until = progress.read_until or window.start  # not its end: this clock may be wrong
    return state.write(replace(progress, read_until=until, listing=False, whole=None))


def latest(api: Api) -> str | None:
    """Return the cursor at the end of the changes, or None if the route is not enabled."""
    try:
        page = api.changes(None)
        while page.has_more:
            page = api.changes(page.next_cursor)
    except NotEnabled:
        return None
    return page.next_cursor


def follow(api: Api, copy: Copy, state: State, progress: Progress) -> None:
    """Copy what has changed since the cursor, and save the cursor after each page."""
    more = True
    while more:
        page = api.changes(progress.cursor)
        found = {encounter_id: None if gone else api.encounter(encounter_id) for encounter_id, gone in page.items}
        kept = [each for each in found.values() if each and is_copied(each, progress.since)]
        copy.change(kept, [encounter_id for encounter_id, each in found.items() if each is None])
        more, progress = page.has_more, state.write(replace(progress, cursor=page.next_cursor))
        tell(f"{len(found):,} changes read, {len(kept):,} encounters stored")


def is_copied(encounter: dict[str, Any], since: datetime | None) -> bool:
    """Return True unless an encounter is older than what is copied."""
    return since is None or moment(encounter["created_at"]) >= since


def continues(options: argparse.Namespace, progress: Progress) -> bool:
    """Return True if only changes are left to read."""
    wanted = not (options.list_only or options.until or options.since)
    return wanted and progress.cursor is not None and not progress.listing


def planned(options: argparse.Namespace, since: datetime | None, progress: Progress) -> Window:
    """Return what to read of the list: all since then, or from the last end. All that was begun is read to its end."""
    if progress.whole and (since is not None or progress.read_until is None):
        since = min(since or LATEST, progress.whole[0])
    return asked_window(options, since, progress.read_until)


def bring_up_to_date(api: Api, copy: Copy, state: State, options: argparse.Namespace) -> None:
    """Follow the changes if only they are left to read. Otherwise read the list, and then what changed meanwhile."""
    progress = state.read()
    try:
        if continues(options, progress):
            return follow(api, copy, state, progress)
        return read_list(api, copy, state, options, progress)
    except NotEnabled as refusal:
        tell(f"{refusal} Reading the list.")
        options = argparse.Namespace(**vars(options) | {"list_only": True})
    except Expired as refusal:
        progress = state.read()
        since = options.since or progress.since
        if since is None:
            raise
        tell(f"{refusal} Reading the list again.")
        options = argparse.Namespace(**vars(options) | {"since": since})
    return read_list(api, copy, state, options, progress)


def read_list(api: Api, copy: Copy, state: State, options: argparse.Namespace, progress: Progress) -> None:
    """Read the list, and then what changed meanwhile, unless that isn't wanted."""
    since, follows = options.since, not (options.list_only or options.until)
    if options.until:
        progress = replace(progress, cursor=None)  # no changes show what the list has after that
    if follows and since and progress.cursor and progress.whole and progress.whole[0] <= since:
        since = None  # it was begun, and is read to its end
    if follows and (progress.cursor is None or since is not None):
        since, progress = from_now(api, since, progress)
    window, progress = planned(options, since, progress), replace(progress, listing=True)
    if since is not None:
        oldest, whole = min(since, progress.since or since), (window.start, copy.mark())
        progress = replace(progress, read_until=None, since=oldest, whole=whole)
    progress = sync(api, copy, state, window, state.write(progress))
    if follows and progress.cursor:
        try:
            follow(api, copy, state, progress)
        except NotEnabled as refusal:
            tell(f"{refusal} Only the list was read.")


def from_now(api: Api, since: datetime | None, progress: Progress) -> tuple[datetime | None, Progress]:
    """Take a new cursor, before the list is read. Return since when to read it: only it shows what changed before."""
    progress = replace(progress, cursor=latest(api))
    if progress.cursor and progress.since:
        since = min(since or LATEST, progress.since)
    return since, progress


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
    parser.add_argument("--until", type=moment, help="read the list up to this time, and no changes (default: now)")
    parser.add_argument("--out", type=Path, default=Path("encounters.sqlite3"), help="the copy (default: %(default)s)")
    parser.add_argument("--state", type=Path, help="file for the progress (default: the copy's name and .state)")
    parser.add_argument("--key-file", type=Path, help="file with the key (default: CHARTERO_KEY)")
    parser.add_argument("--overlap", type=seconds, default=3600, help="seconds to read again (default: 3600)")
    parser.add_argument("--list-only", action="store_true", help="don't read the changes, only the list")
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


def asked_window(options: argparse.Namespace, since: datetime | None, read_until: datetime | None) -> Window:
    """Return the window to read."""
    begin = start(since, read_until, timedelta(seconds=options.overlap))
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
    progress = state.read()
    if not continues(options, progress):
        planned(options, options.since, progress)  # before anything is written
    with closing(Copy(options.out)) as copy:
        bring_up_to_date(api, copy, state, options)
        tell(f"Done: {copy.size():,} encounters in {options.out}.")


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
