"""The columns of the file, and what a cell of each means. A cell that means nothing raises ValidationError."""

import re
from collections.abc import Callable
from enum import Enum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from partners import names
from partners.catalogue.presets import Preset
from partners.catalogue.routes import Route, Scope
from partners.keys import in_text, lifetimes
from partners.management.handover import life
from partners.management.moving.faults import shown
from partners.models import KeyHandover, Organization

ALL = "all"
REFUSAL_OF_TOKENS = "This contains a token. Keys are made here and handed over by link. Remove it, and rotate that key."
LONGEST_NUMBER = 10  # digits: more than any limit has
_SEPARATORS = re.compile(r"[\s,;]+")
_CHOICES: dict[str, tuple[Route, ...]] = {
    ALL: Route.grantable(),
    **{preset.preset_name: preset.routes for preset in Preset},
    **{route.route_name: (route,) for route in Route.grantable()},
}


def _of_organization(field: str) -> Callable[[str], Any]:
    of_model: Any = Organization._meta.get_field(field)
    return lambda text: of_model.clean(text, None)


def _limit(text: str) -> Any:
    if not (text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER):
        raise ValidationError("Enter calls a minute as a whole number, without points, commas or blanks.")
    return _of_organization("calls_per_minute")(text)


def _yes(text: str) -> bool:
    if text.casefold() not in ("yes", "no"):
        raise ValidationError("Enter yes or no.")
    return text.casefold() == "yes"


def _routes(text: str) -> list[Route]:
    words = _words(text)
    if unknown := [word for word in words if word not in _CHOICES]:
        raise ValidationError(f"There is no “{shown(unknown[0])}”. Enter one or more of: {', '.join(_CHOICES)}.")
    wanted = {route for word in words for route in _CHOICES[word]}
    return [route for route in Route if route in wanted]


def _scopes(text: str) -> list[Scope]:
    words = _words(text)
    if unknown := [word for word in words if word not in [*Scope]]:
        raise ValidationError(f"There is no scope “{shown(unknown[0])}”. Enter one or more of: {', '.join(Scope)}.")
    return [scope for scope in Scope if scope in words]


def _words(text: str) -> list[str]:
    words = [word for word in _SEPARATORS.split(text.casefold()) if word]
    if not words:
        raise ValidationError("Enter at least one, or leave the cell blank.")
    return words


def _expires(text: str) -> dict[str, Any]:
    lived, now = life(text.casefold() if text.casefold() == "never" else text), timezone.now()
    lifetime = lived.get("lifetime")
    lifetimes.require_allowed(lived.get("expires_at") if lifetime is None else now + lifetime, now)
    return lived


class Column(Enum):
    """One column: its heading, and what a cell means that isn't blank."""

    ORGANIZATION = "Organization", _of_organization("name")
    CONTACT = "Contact", _of_organization("contact_name")
    EMAIL = "E-mail", _of_organization("contact_email")
    PURPOSE = "Purpose", _of_organization("purpose")
    ROUTES = "Routes", _routes
    LIMIT = "Limit", _limit
    NAMES = "Names", _yes
    OWNER = "Owner", _of_organization("owner")
    NOTE = "Note", _of_organization("note")
    TAGS = "Tags", _of_organization("tags")
    LABEL = "Label", lambda text: KeyHandover._meta.get_field("label").clean(text, None)
    SCOPES = "Scopes", _scopes
    EXPIRES = "Expires", _expires

    def __init__(self, title: str, meaning: Callable[[str], Any]) -> None:
        self.title = title
        self.meaning = meaning

    def read(self, text: str) -> Any:
        """Return what a cell means; raise ValidationError with what to do."""
        if in_text.holds_token(text):
            raise ValidationError(REFUSAL_OF_TOKENS)
        return self.meaning(text)

    @classmethod
    def titled(cls, heading: str) -> "Column | None":
        """Return the column with this heading, in any case and spelling of `E-mail`."""
        return _BY_TITLE.get(_folded(heading))


def _folded(heading: str) -> str:
    return "".join(filter(str.isalnum, names.key(heading)))


_BY_TITLE = {_folded(column.title): column for column in Column}
TITLES = ", ".join(column.title for column in Column)
OF_KEY = (Column.LABEL, Column.SCOPES, Column.EXPIRES)
OF_ORGANIZATION = tuple(column for column in Column if column not in (Column.ORGANIZATION, *OF_KEY))
