"""All candidates say the same, and refuse the same, before anything is measured."""

import difflib
import json
from collections.abc import Sequence

from benchmarks.compare.serving import ALL, LIST, Service

WINDOW = "start_at=2019-03-07T05:41:13Z&end_at=2020-02-26T19:17:49Z"
SHOWN = 40  # lines of a difference
CALLERS = {
    "large": (1, ALL),
    "small": (2, ALL),
    "lacks a scope": (1, ALL[:2]),
    "has no route": (20, ALL),
}
LISTS = (
    ("large", f"{LIST}?limit=25"),
    ("small", f"{LIST}?limit=25"),
    ("small", f"{LIST}?limit=25&offset=50"),
    ("large", f"{LIST}?limit=25&{WINDOW}"),
)


class Disagreement(SystemExit):
    """Two candidates answer differently; nothing is measured."""


def check(services: Sequence[Service], ids: Sequence[str]) -> None:
    """Compare all with the first one, in what they answer and in what they refuse; Disagreement at a difference."""
    first, *others = services
    asked = [*LISTS, *(("large", f"{LIST}/{each}") for each in ids)]
    for caller, path in asked:
        expected = _served(first, path, caller)
        for other in others:
            _compare(path, first, expected, other, _served(other, path, caller))
    for service in services:
        _check_refusals(service, ids[0])


def _served(service: Service, path: str, caller: str) -> object:
    status, body = service.get(path, caller)
    if status != 200:
        raise Disagreement(f"{service.name} answers {status} to {path}: {body!r}")
    return body


def _compare(path: str, first: Service, expected: object, other: Service, found: object) -> None:
    if found != expected:
        texts = [json.dumps(body, indent=1, sort_keys=True).splitlines() for body in (expected, found)]
        lines = [*difflib.unified_diff(*texts, first.name, other.name, lineterm="", n=2)]
        raise Disagreement("\n".join([f"They answer {path} differently:", *lines[:SHOWN]]))


def _check_refusals(service: Service, encounter: str) -> None:
    wrong = service.tokens["large"][:-1] + ("0" if service.tokens["large"][-1] != "0" else "1")
    stranger = Service(service.name, service.server, service.port, service.pid, {**service.tokens, "stranger": wrong})
    for caller in ("stranger", "lacks a scope", "has no route"):
        for path in (LIST, f"{LIST}/{encounter}"):
            status, _ = stranger.get(path, caller)
            if status not in (401, 403):
                raise Disagreement(f"{service.name} answers {status} to a caller who {caller}: it must refuse")
