"""deploy/build: what its steps write, and that they leave alone what is as it should be."""

import os
import subprocess

import pytest

from tests.server.deployment import ROOT

DEPLOY = ROOT / "deploy"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as deploy/build does")


def sourced(script, folder, check=True):
    """Run a script after `steps.sh` and `services.sh`; return what it prints."""
    head = f"set -euo pipefail; deploy={DEPLOY}; source={ROOT}; switched=; changed=; umask 022\n"
    head += "".join(f". {DEPLOY}/{name}\n" for name in ("steps.sh", "services.sh"))
    done = subprocess.run(["bash", "-c", head + script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout + ("" if check else done.stderr)


@needs_root
def test_a_file_is_written_once_and_with_its_mode(tmp_path):
    script = f"""
    for text in one one two; do printf "$text" | put 0640 root:root {tmp_path}/made/file; done
    printf three | put_once 0600 root:root {tmp_path}/made/file
    printf four | put_once 0400 root:root {tmp_path}/made/secret
    """
    assert sourced(script, tmp_path).count("wrote") == 3
    assert ((tmp_path / "made/file").read_text(), (tmp_path / "made/secret").read_text()) == ("two", "four")
    assert [(tmp_path / "made" / name).stat().st_mode & 0o777 for name in ("file", "secret")] == [0o640, 0o400]


def test_one_name_is_not_enough():
    done = subprocess.run([DEPLOY / "build", "one.example.com"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Usage" in done.stderr or "root" in done.stderr


def test_a_service_that_is_not_ready_stops_the_build(tmp_path):
    told = sourced("seq() { echo 1; }; sleep() { :; }; ready 1", tmp_path, check=False)
    assert "The service at port 1 is not ready" in told


def test_each_part_of_a_release_exists():
    text = (DEPLOY / "steps.sh").read_text()
    parts = text.partition("local parts=(")[2].partition(")")[0].split()
    assert [part for part in parts if not (ROOT / part).exists()] == []
    wanted = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert wanted <= set(parts)
