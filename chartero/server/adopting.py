"""Run a server where supervisor starts it: `python -m chartero.server.adopting PROGRAM …`.

A new release starts from the one before (SIGUSR2) and outlives it. supervisor only knows the process that it has
started, so this one stays: it adopts the new release, passes signals on to whichever serves, and ends with the last.
A socket is passed on as systemd does it (`LISTEN_FDS`), because gunicorn would open `fd://0` again in each release.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ADOPT = 36  # PR_SET_CHILD_SUBREAPER (linux/prctl.h)
NAMED = 'export LISTEN_PID=$$; exec "$@"'  # the process for which the socket is
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR2)
ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class Parent:
    """The process that stays. `end`: the signal by which it was told to end."""

    def __init__(self) -> None:
        self.end: int | None = None

    def run(self, command: list[str]) -> int:
        """Run the server and each that follows it. Return the exit code of the last."""
        ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
        for number in PASSED_ON:
            signal.signal(number, self.pass_on)
        os.posix_spawn("/bin/sh", ["sh", "-c", NAMED, "sh", *command], os.environ)
        status = 0
        with suppress(ChildProcessError):
            while True:
                if self.end is not None:  # a server that has just started may not have had the signal
                    _send(self.end)
                _, status = os.wait()
        return abs(os.waitstatus_to_exitcode(status))

    def pass_on(self, number: int, frame: Any) -> None:
        """Pass a signal on to the server."""
        if number in ENDS:
            self.end = number
        _send(number)


def _send(number: int) -> None:
    own = os.getpid()
    for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(child), number)


if __name__ == "__main__":
    sys.exit(Parent().run(sys.argv[1:]))
