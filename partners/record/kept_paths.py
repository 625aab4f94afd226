"""Which parts of a path that isn't a route may be kept. Anything else in it could be a name or a secret."""

import re
from difflib import get_close_matches

from partners.catalogue.routes import Route
from partners.identifiers import is_id

MARK = "?"  # in the place of a part that may not be kept
READ, LONGEST = 300, 80  # characters of a path that are read, and that are kept
ALIKE = 0.75  # how similar a word must be to one of ours
_WORDS = {"external", *(word for route in Route for word in route.path.split("/") if word.isalpha())}
_LIKE_A_WORD = re.compile(rf"[A-Za-z][A-Za-z_-]{{1,{2 * max(map(len, _WORDS))}}}")
_VERSION = re.compile(r"v[0-9]{1,2}")


def is_harmless(part: str) -> bool:
    """Return True for an id, a version, a word of our own paths, and a near misspelling of one."""
    if part == "" or is_id(part) or _VERSION.fullmatch(part):
        return True
    return bool(_LIKE_A_WORD.fullmatch(part) and get_close_matches(part.lower(), _WORDS, 1, ALIKE))


def kept_path(path: str) -> str:
    """Return a path with `?` for the parts that may not be kept: they could be a name or a secret."""
    kept = "/".join(part if is_harmless(part) else MARK for part in path[:READ].split("/"))
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1].rpartition('/')[0]}/{MARK}"
