"""Names by which people grant access: stored in one form, and compared as a reader compares them.

A name is refused if a part of it is invisible, or if letters of another alphabet imitate those around them (after
Unicode Technical Standard #39, section 5.2). Python has no table of scripts. The first word of a letter's Unicode name
is its script, once NFKC has replaced its wide or bold form by the plain letter.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db.models import Q

from partners.text import printable

LONGEST_KEY = 400  # characters; an index entry of PostgreSQL holds 2,700 bytes
MOST_MARKS = 4
# Invisible although Unicode calls it a letter, a mark or a symbol: the default ignorable code points that aren't
# control characters (DerivedCoreProperties.txt), and the blanks of Braille, music and hieroglyphs.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00013441\U00013442\U00016fe4"
    "\U0001d159\U000e0100-\U000e01ef]"
)
_EMOJI_STYLE = re.compile("(?<=[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])\ufe0f")
_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
_OF_ANY_SCRIPT = {"MODIFIER", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"}
_PUNCTUATION = str.maketrans("’‘‛ʼʻ′´`‐‑‒–—−“”„″", "''''''''------" + '""""')
# Small letters of Cyrillic, Greek and phonetic Latin, and the letters that they or their capitals look like.
_LOOKS_LIKE = str.maketrans(
    "авекмнорстухіјѕһԁԛԝӏ" + "αβεζηικμνορτυχϳ" + "ɑɡı", "abekmhopctyxijshdqwl" + "abezhikmnoptyxj" + "agi"
)


def tidy(text: str) -> str:
    """Return a name as it is stored: in NFC, with one space between words and none around them.

    The variation selector for coloured emoji is dropped, because the emoji is the same without it.
    """
    return _BLANKS.sub(" ", _EMOJI_STYLE.sub("", unicodedata.normalize("NFC", text))).strip()


def key(text: str) -> str:
    """Return the key by which a name is compared, searched and sorted. Names that look alike have the same key.

    Case, composition and width are folded (Unicode, section 3.13, D146), digits become ASCII, letters and dashes that
    look alike become one, and invisible characters are left out.
    """
    return _folded(text)[:LONGEST_KEY]


def holds_words(field: str, text: str) -> Q:
    """Return the condition that the key in a field contains each word of a text. Without words it matches no row."""
    words = key(text).split()
    return Q(*(Q(**{f"{field}__contains": word}) for word in words)) if words else Q(pk__in=[])


def named(text: str) -> str:
    """Return a name as it is stored; raise ValidationError if a reader could take it for another."""
    name = tidy(text)
    readable(name)
    return name


def readable(name: str) -> None:
    """Raise ValidationError if a reader could take this tidy name for another."""
    if not all(map(_is_seen, name)):
        message = "This contains an invisible character. Delete it, or type the whole name again."
        raise ValidationError(message, code="invisible")
    printable(name)
    if _has_loose_marks(name):
        raise ValidationError("This contains an accent without a letter, or too many on one.", code="loose_marks")
    if word := _posing_word(name):
        message = f"“{word}” contains letters that look like those of another alphabet. Type it again in one alphabet."
        raise ValidationError(message, code="mixed_alphabets")
    if len(_folded(name)) > LONGEST_KEY:
        raise ValidationError("This is too long. Use a shorter name.", code="too_long")


def _folded(text: str) -> str:
    seen = "".join(filter(_is_seen, tidy(text)))
    flat = seen.translate(_PUNCTUATION)
    for _ in range(2):  # each step can produce what the other one folds
        flat = unicodedata.normalize("NFKC", flat.casefold().replace("i\u0307", "i"))  # Turkish İ
    digits = (str(unicodedata.decimal(each, each)) for each in flat)
    return _BLANKS.sub(" ", "".join(digits).translate(_LOOKS_LIKE)).strip()


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) != "Cf" and not _INVISIBLE.match(character)


def _posing_word(name: str) -> str:
    """Return the first word that mixes scripts, or that is among Latin words and has only letters that look Latin."""
    words = [(word, _scripts(word)) for word in _words(name)]
    among_latin = any("LATIN" in scripts for _, scripts in words)
    for word, scripts in words:
        mixed = len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)
        if mixed or (among_latin and scripts and "LATIN" not in scripts and _folded(word).isascii()):
            return word
    return ""


def _words(name: str) -> Iterator[str]:
    for is_word, run in groupby(name, lambda each: unicodedata.category(each)[0] in "LM"):
        if is_word:
            yield "".join(run)


def _scripts(word: str) -> set[str]:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", word.replace("µ", "")))
    return {unicodedata.name(each).split()[0] for each in letters} - _OF_ANY_SCRIPT


def _has_loose_marks(name: str) -> bool:
    """Return True if a mark is first in a word, twice on one letter, or one of more than `MOST_MARKS`."""
    if any(unicodedata.category(word[0])[0] == "M" for word in name.split()):
        return True
    runs = groupby(unicodedata.normalize("NFD", name), lambda each: unicodedata.category(each) in ("Mn", "Me"))
    marks = [[*run] for is_mark, run in runs if is_mark]
    return any(len(run) > MOST_MARKS or len({*run}) < len(run) for run in marks)
