"""What the code imports is named in a requirements file, and what is named there is used."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"chartero", "encounters", "partners", "tests", "benchmarks"}
SETTINGS = ROOT / "chartero" / "settings.py"
PRODUCT = ("chartero", "encounters", "partners", "manage.py")
NAMED = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)
NAMES = {
    "markdown_it": "markdown-it-py",
    "opentelemetry": "opentelemetry-proto",
}  # of modules that need not be installed where the tests run
ON_BEHALF = {"argon2-cffi": "partners.signin.guards.hashing.Argon2Hasher"}  # used by what is named in the settings


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def named(file, section=""):
    """Return the packages that a requirements file names, in a section or in all of them."""
    text = (ROOT / file).read_text().partition(section)[2] if section else (ROOT / file).read_text()
    return {canonical(name) for name in NAMED.findall(text.partition("\n# To ")[0] if section else text)}


TO_RUN = named("requirements.in", "# To run\n")
EXTRAS = named("deploy/s3.in") | named("deploy/otel.in")  # imported only where an operator asks for them


def files(*places):
    return [file for place in places for file in ([ROOT / place] if "." in place else (ROOT / place).rglob("*.py"))]


def imported(tree):
    """Return the packages that a module imports from elsewhere, by the first part of their names."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - OURS - {"__future__"}


def distributions(modules):
    """Return the packages to install for these modules; a module that nothing installed has is known by its
    own name."""
    return {canonical(name) for module in modules for name in installed().get(module, [NAMES.get(module, module)])}


@cache
def installed():
    return packages_distributions()


def texts(tree):
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.fixture(scope="module")
def found():
    """Return every module that the product imports."""
    return {module for file in files(*PRODUCT) for module in imported(ast.parse(file.read_text()))}


def test_every_module_that_the_product_imports_is_named_to_run(found):
    assert {"django", "rest_framework", "justhtml"} <= found
    assert distributions(found) - TO_RUN == EXTRAS


def test_every_package_that_is_named_to_run_is_imported_or_in_the_settings(found):
    words = texts(ast.parse(SETTINGS.read_text()))
    idle = TO_RUN - distributions(found | {word.partition(".")[0] for word in words})
    assert {package for package in idle if ON_BEHALF.get(package) not in words} == set()


def test_every_module_that_the_tests_import_is_named():
    found = {module for file in files("tests") for module in imported(ast.parse(file.read_text()))}
    assert distributions(found) - named("requirements.in") - named(".ci/requirements.in") == set()


@pytest.mark.parametrize(
    ("code", "modules"),
    [
        ("import bs4.element as e, os", {"bs4"}),
        ("from rest_framework.views import APIView", {"rest_framework"}),
        ("from . import x\nfrom partners.keys import tokens", set()),
        ("def f():\n    import psycopg", {"psycopg"}),
    ],
)
def test_an_import_is_found_wherever_it_is(code, modules):
    assert imported(ast.parse(code)) == modules


def test_a_package_is_read_without_its_extras_and_its_reason():
    assert {"psycopg", "django", "django-filter"} <= TO_RUN
    assert "pytest" not in TO_RUN
    assert "pytest" in named("requirements.in")
