"""The folder in which the processes of a server count: private, with room from the start, and not left behind."""

import errno
import os
import subprocess
import sys

import pytest

from chartero.metrics import files

COUNT = """
import sys
from chartero.metrics import files
class Of(files.Folder):
    def __init__(self, path): self.path = __import__("pathlib").Path(path)
Of(sys.argv[1]).take(int(sys.argv[2]))
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
Counter("calls", "x", registry=None).inc()
if sys.argv[3]:
    Gauge("busy", "x", registry=None, multiprocess_mode="livesum").set(1)
together = CollectorRegistry()
MultiProcessCollector(together, sys.argv[1])
print(generate_latest(together).decode())
"""


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:/elsewhere")
    folder = files.Folder()
    yield folder
    if folder.path.exists():
        folder.remove()


def counted(folder, place: int, busy: str = "busy") -> list[str]:
    """Count once in another process, and return what it reads of all."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(folder.path), str(place), busy], check=True, capture_output=True, text=True
    )
    return sorted(line for line in done.stdout.splitlines() if line and not line.startswith("#"))


def test_the_folder_is_private_and_where_the_service_has_its_own(folder, tmp_path):
    assert folder.path.parent == tmp_path
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_processes_count_together_and_a_new_one_goes_on_where_the_last_of_its_place_ended(folder):
    assert counted(folder, 0) == ["busy 1.0", "calls_total 1.0"]
    assert counted(folder, 1) == ["busy 2.0", "calls_total 2.0"]
    assert counted(folder, 1) == ["busy 2.0", "calls_total 3.0"]
    folder.leave(0)
    assert counted(folder, 2) == ["busy 2.0", "calls_total 4.0"]
    assert {path.name for path in folder.path.iterdir()} >= {"counter_0.db", "counter_1.db", "counter_2.db"}


def test_how_the_last_process_of_a_place_fared_is_not_told_of_the_next(folder):
    assert counted(folder, 0) == ["busy 1.0", "calls_total 1.0"]
    assert counted(folder, 0, busy="") == ["calls_total 2.0"]


def test_without_room_a_process_counts_for_itself(folder, monkeypatch, caplog):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "posix_fallocate", full)
    folder.take(0)
    assert files.shared() is None
    assert [record.message for record in caplog.records] == ["a process is missing in the metrics"]


def test_what_killed_servers_left_is_removed_and_what_others_use_stays(folder, tmp_path):
    left, young, foreign = (tmp_path / f"{files.PREFIX}{name}" for name in ("left", "young", "a-file"))
    for path in (left, young):
        path.mkdir()
    (left / "counter_0.db").touch()
    foreign.touch()
    for path in (folder.path, left, foreign):
        os.utime(path, (0, 0))
    files.Folder().remove()
    assert set(tmp_path.iterdir()) == {folder.path, young, foreign}


def test_a_server_that_ends_takes_its_folder_with_it(folder, tmp_path):
    folder.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_memory", [True, False])
def test_without_a_folder_of_the_service_it_is_in_memory_if_there_is_one(monkeypatch, tmp_path, in_memory):
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setattr(files, "IN_MEMORY", str(tmp_path if in_memory else tmp_path / "none"))
    monkeypatch.setattr(files.tempfile, "tempdir", "/tmp")
    assert files._root() == (str(tmp_path) if in_memory else "/tmp")
