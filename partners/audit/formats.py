"""The two formats of an export, by name: how each writes the calls and the changes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from partners.audit import lines
from partners.audit.fhir import calls, changes, parts
from partners.audit.reading import CALLS, CHANGES, Part

Objects = Callable[[Any], Iterator[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the suffix of its files, what it makes of a batch, and what it needs before it can be written."""

    suffix: str
    objects: dict[Part, Objects]
    require: Callable[[], None] = lambda: None


FORMATS = {
    "fhir": Format("ndjson", {CALLS: calls.events, CHANGES: changes.events}, parts.require_name),
    "jsonl": Format("jsonl", {CALLS: lines.of_calls, CHANGES: lines.of_changes}),
}
