"""One slice of load: wrk asks one candidate for some seconds, and the kernel tells who else worked meanwhile."""

import json
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from benchmarks.compare.proc import cpu_seconds, machine_seconds, seconds_of
from benchmarks.compare.processes import ROOT
from benchmarks.compare.serving import Service

SCRIPT = Path(__file__).with_name("load.lua")
WARM_UP, REST = 1, 0.1  # seconds
LONGEST_REST = 50  # looks


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for: any of the paths in a file, as one caller."""

    name: str
    caller: str
    paths: Path


@dataclass(frozen=True, slots=True)
class Slice:
    """What came of it; `others`: the share of all cores that other processes, or the host, took.

    `cpu`: microseconds a call of each kind of the candidate's processes, and of wrk.
    """

    per_second: float
    median_ms: float
    late_ms: float  # the 95th percentile
    slow_ms: float  # the 99th
    others: float
    cpu: dict[str, float]


class BadAnswer(SystemExit):
    """A candidate answered anything but 200, or not at all; what it was measured at means nothing."""


def require_wrk() -> None:
    """Stop where the load generator is not there."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: install the package wrk (apt-get install wrk).")


def measured(service: Service, call: Call, connections: int, seconds: int) -> Slice:
    """Warm a candidate up, let it come to rest, load it, and return what came of it."""
    _wrk(service, call, connections, WARM_UP)
    processes = service.processes()
    _settle([*chain.from_iterable(processes.values())])
    used, before = _used(processes), _clocks()
    found = _wrk(service, call, connections, seconds)
    elapsed, all_cpu, our_cpu = (after - earlier for after, earlier in zip(_clocks(), before, strict=True))
    requests = max(1, found["requests"])
    return Slice(
        per_second=found["requests"] / found["microseconds"] * 1e6,
        median_ms=found["median"] / 1e3,
        late_ms=found["late"] / 1e3,
        slow_ms=found["slow"] / 1e3,
        others=max(0.0, all_cpu - our_cpu) / (elapsed * (os.cpu_count() or 1)),
        cpu={kind: (after - used[kind]) / requests * 1e6 for kind, after in _used(service.processes()).items()},
    )


def _settle(pids: Sequence[int]) -> None:
    """Wait until a candidate has worked off what the warm-up left: a slow one has a queue, a fast one has none."""
    for _ in range(LONGEST_REST):
        before = seconds_of(pids)
        time.sleep(REST)
        if seconds_of(pids) - before < REST / 5:
            return


def _used(processes: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Return the CPU time of each kind of processes so far, and of wrk."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = {kind: seconds_of(pids) for kind, pids in processes.items()}
    return used | {"wrk": ended.ru_utime + ended.ru_stime}


def _clocks() -> tuple[float, float, float]:
    return time.monotonic(), machine_seconds(), cpu_seconds(os.getpid())


def _wrk(service: Service, call: Call, connections: int, seconds: int) -> dict[str, float]:
    options = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s"]
    command = ["wrk", *options, f"--script={SCRIPT}", service.url, "--", str(call.paths)]
    environment = os.environ | {"BENCHMARK_TOKEN": service.tokens[call.caller]}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if found["refused"] or found["broken"]:
        raise BadAnswer(f"{service.name} on {service.server}, {call.name}, {connections} connections: {found}")
    return found
