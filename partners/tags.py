"""Tags: a few short words by which staff group organizations and keys. In the database they are one text."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

MOST, LONGEST = 10, 30
_WORD = re.compile(r"[^\W_](?:[\w.:/+-]*[^\W_])?")
_SEPARATORS = re.compile(r"[\s,;]+")


def words_in(text: str) -> list[str]:
    """Return the words of a text as tags are stored and compared: folded, each once, in order."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return sorted({*filter(None, _SEPARATORS.split(folded))})


def tags_in(text: str) -> list[str]:
    """Return the tags that a text lists; raise ValidationError if there are too many, or if a word can't be one."""
    words = words_in(text)
    if len(words) > MOST:
        raise ValidationError(f"Enter at most {MOST} tags.", code="too_many")
    for word in words:
        if len(word) > LONGEST:
            raise ValidationError(f"A tag has at most {LONGEST} characters.", code="too_long")
        if not _WORD.fullmatch(word):
            message = "Tags are words of letters and digits. Inside a word, you can use - _ . : / and +."
            raise ValidationError(message, code="not_a_word")
    return words


def tagged(text: str) -> Q:
    """Return the condition for rows with every tag that a text lists. Without tags it matches no row."""
    words = words_in(text)
    return Q(*(Q(tags__contains=f" {word} ") for word in words)) if words else Q(pk__in=[])


class TagsField(models.CharField):
    """A list of tags. The database holds ` first second `, so that each is found between its blanks."""

    def __init__(self, **options: Any) -> None:
        fixed: dict[str, Any] = {"max_length": MOST * (LONGEST + 1) + 1, "blank": True, "default": list}
        # The database has a default too: during an upgrade, processes of the older version still write rows.
        super().__init__(**(fixed | {"db_default": ""} | options))

    def from_db_value(self, value: str | None, *context: Any) -> list[str]:
        """Return the list. Without a row in an outer join there is no text."""
        return value.split() if value else []

    def to_python(self, value: Any) -> list[str]:
        """Return the tags in a text or a list, checked."""
        return tags_in(value if isinstance(value, str) else " ".join(value))

    def validate(self, value: list[str], model_instance: Any) -> None:
        """Do nothing: `to_python` has checked each tag."""

    def run_validators(self, value: list[str]) -> None:
        """Do nothing: the limits are about tags, not about the stored text."""

    def get_prep_value(self, value: Any) -> str:
        return f" {' '.join(value)} " if value else ""

    def formfield(self, **options: Any) -> "TagsInput":
        return TagsInput(**options)


class TagsInput(forms.CharField):
    """Tags as people type them, with blanks or commas between."""

    def __init__(self, **options: Any) -> None:
        fixed: dict[str, Any] = {"required": False, "widget": forms.TextInput({"autocapitalize": "none"})}
        super().__init__(**(fixed | options))

    def prepare_value(self, value: str | Iterable[str] | None) -> str:
        return value if isinstance(value, str) else " ".join(value or ())

    def clean(self, value: Any) -> list[str]:
        return tags_in(super().clean(value))
