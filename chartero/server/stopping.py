"""How the server stops without a reset: the kernel drops new connections, while those that it has are answered.

The kernel completes a handshake before anybody accepts the connection. If the last process closed a listener with such
connections, their clients would be reset. So the main process first has the kernel ignore new handshakes (Linux). Their
clients try again after a second. Then the address is refused, or a new server has it.
"""

import ctypes
import queue
import signal
import socket
import struct
import sys
from contextlib import suppress
from functools import wraps
from typing import Any

SO_ATTACH_FILTER = 26  # asm-generic/socket.h
SYN, ACK = 0x02, 0x10
# A classic BPF program (linux/filter.h): code, jump if true, jump if false, operand. It sees the TCP header.
NO_HANDSHAKE = (
    (0x30, 0, 0, 13),  # load the flags
    (0x54, 0, 0, SYN | ACK),
    (0x15, 0, 1, SYN),  # the first packet of a client has SYN without ACK
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # pass everything else, such as the end of a handshake that has begun
)


def is_told(signals: Any) -> bool:
    """Return True if a process was told to stop while it started, when gunicorn has a signal only wait in a queue."""
    with suppress(queue.Empty):
        while True:
            if signals.get_nowait() in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
                return True
    return False


def close_gently(server: Any) -> None:
    """Have a server of gunicorn take no more connections before its processes stop."""
    stop = server.stop

    @wraps(stop)
    def stop_gently(graceful: bool = True) -> None:
        if graceful and not is_shared(server):
            for listener in server.LISTENERS:
                ignore_handshakes(listener)
        stop(graceful)

    server.stop = stop_gently


def is_shared(server: Any) -> bool:
    """Return True if others accept on the same listeners: another release, or whoever opened them."""
    opened_elsewhere = server.systemd or any(isinstance(address, int) for address in server.cfg.address)
    return bool(opened_elsewhere or server.reexec_pid or server.master_pid or server.cfg.reuse_port)


def ignore_handshakes(listener: Any) -> None:
    """Drop each new handshake with a TCP listener, in all processes. Do nothing if the system can't."""
    if sys.platform != "linux" or listener.family == socket.AF_UNIX:  # gunicorn removes the path of a Unix socket
        return
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in NO_HANDSHAKE))
    program = struct.pack("HP", len(NO_HANDSHAKE), ctypes.addressof(code))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
