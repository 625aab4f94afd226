"""Every URL that people open, as the resolver knows it, and how its words are filled in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

WORD = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")
WORDS = {
    "app_label": "partners",
    "code": "missing_bearer",
    "content_type_id": "1",
    "signed": "invented:signature",
    "slug": "errors",
    "url": "no-such-page",
}
MODELS = {
    "user_id": "auth/user",
    "link": "partners/keyhandover",
    "approval": "partners/approval",
    "asked": "partners/onboardingrequest",
    "endpoint": "partners/webhookendpoint",
    "delivery": "partners/webhookdelivery",
    "review": "partners/accessreview",
    "verification": "partners/verification",
}
IDS = ("object_id", "pk", "id", *MODELS)


@dataclass(frozen=True)
class Address:
    """One URL of the resolver: its route as `resolve()` names it, and its pieces between its words."""

    route: str

    @property
    def words(self) -> list[str]:
        return [first or second for first, second in WORD.findall(self.route)]

    @property
    def model(self) -> str:
        """Return the `app/model` that its ids are of."""
        named = [MODELS[word] for word in self.words if word in MODELS]
        return named[0] if named else "/".join(self.route.split("/")[1:3])

    def filled(self, keys: dict[str, str], word: str = "", value: str = "") -> str:
        """Return the path, with ids of rows that exist, but for one word with a value of its own."""
        key = keys.get(self.model, "1")
        values = WORDS | dict.fromkeys(IDS, key) | ({word: value} if word else {})
        path = WORD.sub(lambda match: values[match[1] or match[2]], self.route)
        return "/" + re.sub(r"\\Z|\\A|[$^]", "", path)


def addresses() -> list[Address]:
    """Return every URL but those of the API, whose contract has tests of its own."""
    routes = dict.fromkeys(_routes(get_resolver().url_patterns))
    return [Address(route) for route in routes if "external" not in route] + [Address("healthz")]


def _routes(patterns: list[URLPattern | URLResolver], start: str = "") -> Iterator[str]:
    for each in patterns:
        route = start + str(each.pattern).removeprefix("^")
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, route)
        else:
            yield route
