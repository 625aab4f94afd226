"""Words of an old dialect that must not come back into what people read: pages, mails, messages, help, pages
of docs."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("partners", "encounters", "chartero")
WORDS = re.compile(
    r"\b(mend(s|ed|ing)?|anew|all the same|at last|on end|stands? (in the way|below|at|for it)|told "
    r"of|by what|log (in|out)"
    r"|for what it gets|tell whether|whosoever|runs? out)\b",
    re.IGNORECASE,
)
TAGS = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)


def docstrings(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that are docstrings."""
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


def texts(file: Path) -> list[str]:
    """Return what a file says to people: a template or a page without its tags, the strings of a module."""
    if file.suffix != ".py":
        return [TAGS.sub(" ", file.read_text())]
    tree = ast.parse(file.read_text())
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in constants if id(node) not in docstrings(tree)]


def files() -> list[Path]:
    modules = (
        file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "migrations" not in file.parts
    )
    pages = (*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt"), *ROOT.glob("docs/*.md"))
    return sorted([*modules, *pages, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def test_no_word_of_the_old_dialect_is_said_to_people():
    said = {
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in files()
        for text in texts(file)
        for match in WORDS.finditer(text)
    }
    assert said == set()


@pytest.mark.parametrize("text", ["What stands in the way, and who can mend it", "Log in again", "It is told of anew"])
def test_such_a_word_is_found(text):
    assert WORDS.search(text)


def test_texts_are_found_in_modules_and_pages():
    assert "docstring" not in texts(Path(__file__))[0]
    assert any("Sign in" in text for text in texts(ROOT / "templates/admin/login.html"))
