"""The lock files, as an older pip reads them: it takes a pin without its extra for no pin at all."""

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = [ROOT, ROOT / ".ci", ROOT / "benchmarks/compare"]
NAMED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([a-z0-9,._-]+)\])?", re.MULTILINE)
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[([a-z0-9,._-]+)\])?==", re.MULTILINE)


def extras(pattern, text):
    """Return the extras of each package that the text names."""
    found = {}
    for name, given in pattern.findall(text):
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).update(filter(None, given.split(",")))
    return found


def lacking(wanted, pinned):
    """Return the packages that are wanted with an extra that their pin doesn't have."""
    return [name for name, needed in wanted.items() if not needed <= pinned.get(name, set())]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_extra_that_is_asked_for_is_pinned(folder):
    wanted = extras(NAMED, (folder / "requirements.in").read_text())
    assert any(wanted.values())
    assert lacking(wanted, extras(PINNED, (folder / "requirements.txt").read_text())) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_lock_says_how_to_write_it_so(folder):
    assert "--no-strip-extras" in (folder / "requirements.txt").read_text().splitlines()[1]


def test_each_extra_that_a_locked_package_asks_for_is_pinned():
    pinned = extras(PINNED, (ROOT / "requirements.txt").read_text())
    required = [line for name in pinned for line in needs(name)]
    assert "coverage[toml]" in "".join(required)
    assert lacking(extras(NAMED, "\n".join(required)), pinned) == []


def needs(name):
    """Return what an installed package requires without any extra of its own."""
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # a package of another system
        return []
    return [line for line in required if "extra ==" not in line]


def test_a_deployment_installs_what_runs_in_the_tests_and_nothing_that_only_tests():
    """The lock `deploy/requirements.txt` has what is above *To test*, with all that it needs, in the same releases."""
    whole, part = (releases((ROOT / file).read_text()) for file in ("requirements.txt", "deploy/requirements.txt"))
    assert part.items() <= whole.items()
    to_run, _, to_test = (ROOT / "requirements.in").read_text().partition("\n# To test\n")
    assert extras(NAMED, to_run).keys() <= part.keys()
    assert not extras(NAMED, to_test).keys() & part.keys() - {"jsonschema"}  # drf-spectacular needs it
    required = extras(NAMED, "\n".join(line for name in part for line in needs(name) if ";" not in line))
    assert required.keys() <= part.keys()


@pytest.mark.parametrize("extra", ["s3.in", "otel.in"])
def test_an_extra_needs_no_other_releases_than_those_of_the_other_locks(extra):
    lock = (ROOT / "deploy" / extra).with_suffix(".txt").read_text()
    assert "--no-strip-extras" in lock.splitlines()[1]
    added = releases(lock)
    assert extras(NAMED, (ROOT / "deploy" / extra).read_text()).keys() <= added.keys()
    for other in ("requirements.txt", "deploy/requirements.txt", ".ci/requirements.txt"):
        known = releases((ROOT / other).read_text())
        assert {name: known[name] for name in added.keys() & known.keys()}.items() <= added.items()


def releases(lock):
    """Return the line of each package with its release, and its hashes."""
    blocks = re.findall(r"^([a-z0-9._-]+)(\S*==.+(?:\n    --hash.+)+)", lock, re.MULTILINE)
    return dict(blocks)
