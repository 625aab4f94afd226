"""Search over the sections of all pages. The pages are read once in each process; a search scans their text."""

import re
from dataclasses import dataclass

from chartero.docs import sections
from chartero.docs.pages import Page
from chartero.docs.sections import Section
from partners.keys import in_text

EXAMPLES = ("invalid_limit", "start_at", "encounters:read", "rotation", "gzip")
LONGEST, WORDS, MOST = 100, 8, 30  # characters and words of a question; hits
BEFORE, SHOWN = 60, 220  # characters of an excerpt before the first match, and in all
MANY = 9  # a word that a section repeats more often doesn't make it a better one

Piece = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that was found, with an excerpt in pieces: some are the words that were searched for."""

    section: Section
    excerpt: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: the best hits, and how many sections were found.

    `whole`: each of them has all of the words. `secret`: the text may hold a key.
    """

    text: str = ""
    hits: tuple[Hit, ...] = ()
    total: int = 0
    whole: bool = True
    secret: bool = False


def find(text: str) -> Found:
    """Return the sections with all of the words, best first, or else those with the most of them."""
    if in_text.holds_token(text):
        return Found(secret=True)
    asked = " ".join(text.split())[:LONGEST]
    folded = asked.lower()
    return _with(asked, folded.split()) or _with(asked, _parts(folded)) or Found(asked)


def _with(asked: str, words: list[str]) -> Found | None:
    """Return the sections with the most of these words, or None if there is none."""
    patterns = [_pattern(word) for word in words[:WORDS] if _parts(word)]
    ranked = [(_rank(section, patterns), section) for page in Page for section in sections.of(page)]
    most = max(rank[0] for rank, _ in ranked)
    best = sorted((each for each in ranked if each[0][0] == most), key=lambda each: each[0], reverse=True)
    hits = tuple(Hit(section, _excerpt(section.text, patterns)) for _, section in best[:MOST])
    return Found(asked, hits, len(best), whole=most == len(patterns)) if most else None


def _parts(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _pattern(word: str) -> str:
    """Return a pattern that finds a word, or words that begin with it, whatever separates its parts.

    It begins with a letter, which is found much faster than a place between letters.
    """
    found = r"[\W_]".join(re.escape(part) for part in _parts(word))
    return rf"{found[0]}(?<![^\W_].){found[1:]}"


def _rank(section: Section, patterns: list[str]) -> tuple[int, ...]:
    """Return the number of words that a section has, and how much it is about them."""
    title, whole = section.title.lower(), f"{section.title} {section.text}".lower()
    counts = [len(re.findall(pattern, whole)) for pattern in patterns]
    if not any(counts):
        return (0,)
    phrase = r"[\W_]+".join(patterns)
    return (
        sum(count > 0 for count in counts),
        re.fullmatch(phrase, title) is not None,
        any(re.fullmatch(phrase, name.lower()) for name in (*section.names, *section.routes)),
        re.search(phrase, title) is not None,
        re.search(phrase, whole) is not None,
        sum(re.search(pattern, title) is not None for pattern in patterns),
        sum(min(count, MANY) for count in counts),
    )


def _excerpt(text: str, patterns: list[str]) -> tuple[Piece, ...]:
    """Return the part of a text around its first match, split at the matches."""
    searched = re.compile(f"({'|'.join(patterns)})", re.IGNORECASE)
    match = searched.search(text)
    begin = text.rfind(" ", 0, max(match.start() - BEFORE, 0)) + 1 if match else 0
    end = len(text) if len(text) <= begin + SHOWN else text.rfind(" ", begin, begin + SHOWN)
    pieces = [(piece, at % 2 == 1) for at, piece in enumerate(searched.split(text[begin:end])) if piece]
    return (*([("… ", False)] if begin else []), *pieces, *([(" …", False)] if end < len(text) else []))
