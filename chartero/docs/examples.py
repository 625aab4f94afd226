"""The code examples: one file per language. The pages show it as it is, and a test runs it as it is."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from django.conf import settings


class Language(Enum):
    """A language in which every example is written: its name and the suffix of its files."""

    CURL = "curl", "sh"
    PYTHON = "Python", "py"
    JAVASCRIPT = "JavaScript", "mjs"

    def __init__(self, title: str, suffix: str) -> None:
        self.title = title
        self.suffix = suffix


PROGRAMS = (Language.PYTHON, Language.JAVASCRIPT)  # what a shell can't do


@dataclass(frozen=True, slots=True)
class Example:
    """One example in one language."""

    language: Language
    text: str


def folder() -> Path:
    """Return the folder with the files."""
    return settings.BASE_DIR / "templates" / "docs" / "examples"


@cache
def named(name: str, languages: tuple[Language, ...] = tuple(Language)) -> list[Example]:
    """Return an example in every language, or in these; FileNotFoundError if one is missing."""
    return [Example(language, (folder() / f"{name}.{language.suffix}").read_text().strip()) for language in languages]
