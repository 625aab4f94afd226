"""Situations of a call, generated: what is sent, and how things stand."""

from dataclasses import dataclass, fields, replace
from itertools import combinations
from random import Random

from partners.catalogue.routes import Route, Scope
from tests.api import CHANGES, KEY, LIST

GOOD_HEADERS = {"plain": "Bearer {}", "lower": "bearer {}", "spaces": "BEARER   {} \t"}
NO_BEARERS = {
    "empty": "",
    "scheme alone": "Bearer ",
    "no scheme": "{}",
    "other scheme": "Basic {}",
    "tab": "Bearer\t{}",
}
DAMAGED = {"blank": "Bearer {} x", "comma": "Bearer {},Bearer {}", "longer": "Bearer {}xx", "nul": "Bearer {}\x00"}
ALTERED = {"word": "Bearer x", "twice": "Bearer Bearer {}", "accent": "Bearer é{}", "quoted": 'Bearer "{}"'}
HEADERS = GOOD_HEADERS | NO_BEARERS | DAMAGED | ALTERED
NOWHERE = ["/external", "/external/v2/encounters", f"{LIST}/", f"{LIST}/x/y", f"{LIST}.json", f"{KEY}/", f"{CHANGES}/"]
NOWHERE += ["/external/v1/Encounters"]
FAULTS = {
    "unknown": ["x=1", "Limit=1", "x", "=1", "%FF=1", "é=1", "a;limit=1"],
    "limit": ["limit=0", "limit=101", "limit=%2B5", "limit=5&limit=5", "limit="],
    "offset": ["offset=-1", "offset=10001", "offset=05"],
    "sort_order": ["sort_order=ASC", "sort_order=", "sort_order=asc&sort_order=asc"],
    "start_at": ["start_at=2026-05-25", "start_at=2026-05-25T14:00:00+00:00", "start_at=2026-02-30T14:00:00Z"],
    "end_at": ["end_at=now", "end_at=2026-05-25T24:00:00Z"],
    "range": ["start_at=2026-05-26T14:00:00Z&end_at=2026-05-26T14:00:00Z"],
}
GOOD_QUERIES = ["", "&", "limit=5&offset=0&sort_order=asc", "%6Cimit=1", "start_at=2026-05-25T14:00:00.5Z"]
ENCOUNTERS = ("clinical", "demo", "training", "withdrawn", "unknown", "no id")
DOCUMENTS = ("transcript", "note", "draft", "bare", "scanned", "withdrawn", "elsewhere", "unknown", "no id")
PATHS = {
    "list": "encounters.list",
    "detail": "encounters.detail",
    "document": "documents.detail",
    "transcript": "documents.transcript",
    "audio": "documents.audio",
    "changes": "changes.list",
    "key": "key.read",
}
GRANTED = [Route.named(name) for path, name in PATHS.items() if path != "key"]
CURSORS = ("none", "own", "cut off", "flipped", "twice", "another's", "expired", "expired")
INVALID_CURSORS = ("cut off", "flipped", "twice", "another's")
DOCUMENT_PATHS = ("document", "transcript", "audio")
BOTH = {Scope("encounters:read"), Scope("documents:read")}
REQUIRED = {
    "list": frozenset(BOTH | {Scope("patients:read")}),
    "detail": frozenset(BOTH | {Scope("patients:read")}),
    "document": frozenset(BOTH),
    "transcript": frozenset(BOTH),
    "audio": frozenset(BOTH | {Scope("recordings:read")}),
    "changes": frozenset(BOTH | {Scope("patients:read")}),
    "key": frozenset(),
}


def subsets(items):
    return [frozenset(chosen) for size in range(len(items) + 1) for chosen in combinations(items, size)]


# How a key's networks are set for a call from 127.0.0.1: the mode, and what is in the list.
NETWORKS = {
    "off": ("off", ["203.0.113.0/24"]),
    "watched": ("watch", ["203.0.113.0/24"]),
    "here": ("enforce", ["127.0.0.0/8", "2001:db8::/32"]),
    "elsewhere": ("enforce", ["203.0.113.0/24", "127.0.0.2", "126.0.0.0/8"]),
    "other version": ("enforce", ["7f00::/8"]),
}


@dataclass(frozen=True)
class Situation:
    """One call, as it is sent and as things stand; the defaults are served."""

    header: str = "plain"
    damage: str = ""
    secret: str = "own"
    is_test: bool = False
    accepts_test: bool = True
    switched_on: bool = True
    number: int = 1
    loaded: frozenset = frozenset({1, 2})
    disabled: bool = False
    revoked: bool = False
    expired: bool = False
    networks: str = "off"
    has_organization: bool = True
    allowlisted: bool = True
    routes: frozenset = frozenset(GRANTED)
    scopes: frozenset = frozenset(Scope)
    reached: bool = False
    method: str = "GET"
    path: str = "list"
    faults: frozenset = frozenset()
    encounter: str = "clinical"
    document: str = "transcript"
    cursor: str = "none"
    mine: bool = True


CHOICES = {
    "header": [*HEADERS],
    "damage": ["", "cut", "flipped"],
    "secret": ["own", "wrong", "unknown"],
    "number": [1, 2],
    "loaded": subsets([1, 2]),
    "networks": [*NETWORKS, "watched", "here"],
    "routes": [subset for subset in subsets(GRANTED) if len(subset) in (0, 1, len(GRANTED) - 1, len(GRANTED))],
    "scopes": subsets(list(Scope)),
    "method": ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"],
    "path": [*["list", "detail"] * 4, *DOCUMENT_PATHS * 2, *["changes"] * 2, "key", *NOWHERE],
    "faults": [faults for faults in subsets([*FAULTS]) if len(faults) < 3],
    "encounter": [*ENCOUNTERS],
    "document": [*DOCUMENTS, *["draft", "bare"] * 3],
    "cursor": [*CURSORS],
} | {each.name: [True, False] for each in fields(Situation) if each.type is bool}


SERVED = {"header": [*GOOD_HEADERS], "is_test": [True, False], "number": [1, 2], "method": ["GET", "HEAD"]}
SERVED |= {"path": [*["list", "detail", "changes", *DOCUMENT_PATHS] * 3, "key"], "damage": [""]}
SERVED |= {"cursor": ["none", "own"]}


def generated(number, seed=2026):
    """Return situations in which from nothing to everything differs from a call that is served."""
    random, names = Random(seed), [*CHOICES, *["faults", "encounter", "document", "cursor"] * 3]
    return [
        _drawn(random, random.sample(names, random.choice([0, 1, 1, 2, 2, 3, 4, 5, len(names)]))) for _ in range(number)
    ]


def _drawn(random, changed):
    served = {name: random.choice(SERVED[name]) for name in SERVED}
    served["scopes"] = random.choice([REQUIRED[served["path"]], frozenset(Scope)])
    return replace(Situation(**served), **{name: random.choice(CHOICES[name]) for name in changed})


UNKNOWN_FIELDS = {
    "x=1": "x",
    "Limit=1": "Limit",
    "x": "x",
    "=1": "",
    "%FF=1": "\ufffd",
    "é=1": "é",
    "a;limit=1": "a;limit",
}


@dataclass(frozen=True)
class Query:
    """A query string, and what is wrong with it."""

    text: str
    unknown_field: str | None
    broken: set


def query_of(situation, random, cursor):
    """Write a query string with the situation's faults, in any order, or with this cursor where one is sent."""
    chosen = {name: random.choice(FAULTS[name]) for name in sorted(situation.faults)}
    if situation.path == "changes":
        return _of_changes(situation, chosen, random, cursor)
    if situation.path != "list":
        parts = [*chosen.values()]
        first = (parts or [""])[0]
        return Query("&".join(parts), UNKNOWN_FIELDS.get(first, first.partition("=")[0]), set())
    if chosen.keys() & {"start_at", "end_at"}:
        chosen.pop("range", None)
    parts = [*chosen.values()]
    random.shuffle(parts)
    unknown = next((UNKNOWN_FIELDS[part] for part in parts if part in UNKNOWN_FIELDS), None)
    return Query("&".join(parts) or random.choice(GOOD_QUERIES), unknown, {*chosen})


def _of_changes(situation, chosen, random, cursor):
    """Write a query string of the changes, where only the limit and the cursor are known."""
    if "limit" in chosen:
        chosen["limit"] = random.choice(["limit=0", "limit=1001", "limit="])
    if situation.cursor != "none":
        chosen["cursor"] = f"cursor={cursor}&cursor={cursor}" if situation.cursor == "twice" else f"cursor={cursor}"
    parts = [*chosen.items()]
    random.shuffle(parts)
    unknown = next((part for name, part in parts if name not in ("limit", "cursor")), None)
    field = None if unknown is None else UNKNOWN_FIELDS.get(unknown, unknown.partition("=")[0])
    return Query(
        "&".join(part for _, part in parts), field, {"cursor"} if situation.cursor in INVALID_CURSORS else set()
    )
