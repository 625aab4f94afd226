"""Put each fault into a copy of the tree, and see whether the tests notice it.

    python -m tests.mutants [--whole] [--workers N] [NUMBER …]

First the tests nearest to the fault run. With `--whole`, the rest of the suite judges what they don't notice. Prints a
line for each fault, and ends with exit code 1 if one is not noticed. Takes three quarters of an hour on two busy cores,
on SQLite; with `.ci/with-postgresql`, the tests run on PostgreSQL.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.listed import MUTANTS, Mutant

HERE = Path(__file__).parents[2]
SUITE = ("tests", "-m", "not browser and not tools")


def copied(folder: Path) -> Path:
    """Return a copy of the files that git knows."""
    known = subprocess.run(["git", "ls-files", "-z"], cwd=HERE, check=True, capture_output=True, text=True).stdout
    for name in known.split("\0")[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / name, folder / name)
    return folder


def bent(text: str, mutant: Mutant) -> str:
    """Return the text of the file with the fault; raise ValueError if its place is not found once."""
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} has {text.count(mutant.old)} times: {mutant.old}")
    return text.replace(mutant.old, mutant.new)


def notices(folder: Path, tests: tuple[str, ...], workers: int) -> bool:
    """Return True if a test fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", str(workers), *tests]
    ended = subprocess.run(command, cwd=folder, env=os.environ | {"PYTEST_ADDOPTS": ""}, capture_output=True, text=True)
    if ended.returncode not in (0, 1, 2):
        raise SystemExit(ended.stdout[-2000:] + ended.stderr[-2000:])
    return ended.returncode != 0


def judged(folder: Path, mutant: Mutant, *, whole: bool, workers: int) -> str:
    """Return who notices the fault: "near", "suite" or "" for nobody."""
    file = folder / mutant.file
    right = file.read_text()
    file.write_text(bent(right, mutant))
    try:
        if notices(folder, mutant.tests, workers):
            return "near"
        return "suite" if whole and notices(folder, SUITE, workers) else ""
    finally:
        file.write_text(right)


def main() -> int:
    """Judge each fault and print who noticed it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("numbers", nargs="*", type=int, default=[*range(1, len(MUTANTS) + 1)])
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = copied(Path(temporary))
        for number in chosen.numbers:
            mutant = MUTANTS[number - 1]
            by = judged(folder, mutant, whole=chosen.whole, workers=chosen.workers)
            missed += not by
            print(f"{number:3} {by or 'NOT NOTICED':11} {mutant.file}: {mutant.new.strip() or 'without'}", flush=True)
    print(f"{len(chosen.numbers) - missed} of {len(chosen.numbers)} noticed")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
