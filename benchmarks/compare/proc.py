"""What the kernel tells of processes: whose CPU time it was, and how much memory they hold."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, OWN_AND_CHILDREN = 1, slice(11, 15)  # of /proc/<pid>/stat, counted behind the name
USER, NICE, SYSTEM, STEAL = 0, 1, 2, 7  # of the first line of /proc/stat


def tree(root: int) -> list[int]:
    """Return a process and all that it and its children have started."""
    return trees({"": [root]})[""]


def trees(roots: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Return for each name the processes and all that they and their children have started, in one look."""
    children = defaultdict(list)
    for path in PROC.glob("[0-9]*"):
        if fields := _fields(int(path.name)):
            children[int(fields[PARENT])].append(int(path.name))
    found = {name: [*pids] for name, pids in roots.items()}
    for pids in found.values():
        for pid in pids:
            pids.extend(children[pid])
    return found


def cpu_seconds(root: int) -> float:
    """Return the CPU time of a process tree so far, also of those in it that have ended."""
    return seconds_of(tree(root))


def seconds_of(pids: Iterable[int]) -> float:
    """Return the CPU time of processes so far, also of their threads and children that have ended."""
    return sum(sum(map(int, _fields(pid)[OWN_AND_CHILDREN])) for pid in pids) / TICKS


def machine_seconds() -> float:
    """Return the CPU time of all processes so far, and what the host took away; not the kernel's for devices."""
    fields = (PROC / "stat").read_text().splitlines()[0].split()[1:]
    return sum(int(fields[place]) for place in (USER, NICE, SYSTEM, STEAL)) / TICKS


def pss(pid: int) -> float:
    """Return the proportional set size of a process in MB; 0 where it is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _fields(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return []
