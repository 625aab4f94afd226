"""Where the processes of a server keep what they count, so that any of them can answer for all.

Each server has a private folder in memory, and each of its processes a place there, with one file for each kind of
metric. A process that replaces another takes its place and goes on with its counts. So no count goes back, and there
are never more files than processes at one time.
"""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

logger = logging.getLogger(__name__)

PREFIX = "chartero-metrics-"
IN_MEMORY = "/dev/shm"  # noqa: S108 – the folder in it is private
YOUNG = 60.0  # seconds in which a folder may not be locked yet
LONGEST = 256 * 1024  # bytes of a file: more than all values of the catalogue need
KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's name


class Folder:
    """The folder of a server. It is locked until the last process of the server has ended."""

    def __init__(self) -> None:
        root = _root()
        _remove_those_left(root)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def take(self, place: int) -> None:
        """Have the metrics of this process count in a place. Each takes its room on the disk now, not while it counts.

        Without room the process counts for itself alone: calls are more important.
        """
        from prometheus_client import values

        self.leave(place)
        try:
            for kind in KINDS:
                _allocate(self.path / f"{kind}_{place}.db")
        except OSError as fault:
            logger.error("a process is missing in the metrics", extra={"exception": type(fault).__qualname__})
            return
        os.environ[_FOLDER] = str(self.path)
        values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]

    def leave(self, place: int) -> None:
        """Forget how the process of this place fared, but not what it counted."""
        for file in self.path.glob(f"gauge_live*_{place}.db"):
            file.unlink()

    def remove(self) -> None:
        """Remove the folder. The server has ended."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def shared() -> str | None:
    """Return the folder in which this process counts, or None if it counts for itself."""
    return os.environ.get(_FOLDER)


def _root() -> str:
    """Return a folder in memory: a disk that is busy would hold up the calls that are counted."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return given or (IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else tempfile.gettempdir())


def _remove_those_left(root: str) -> None:
    """Remove the folders of servers of this user that were killed. Nobody locks them any more."""
    for path in Path(root).glob(f"{PREFIX}*"):
        try:
            status = path.stat()
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > YOUNG:
                _remove_if_left(path)
        except OSError:  # another server has removed it, or locks it
            continue


def _remove_if_left(path: Path) -> None:
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)
    finally:
        os.close(lock)


def _allocate(file: Path) -> None:
    """Make sure that the system has room for a file. A process that finds none later would be killed (SIGBUS)."""
    number = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(number, 0, LONGEST)
    finally:
        os.close(number)
