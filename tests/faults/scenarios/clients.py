"""Clients that are slow, read nothing or stay idle, with and without nginx in between."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from tests.faults import slow
from tests.faults.fronts import with_few_descriptors, with_nginx
from tests.faults.scenario import Scenario, Site

SECONDS = 8.0  # longer than a client has for a call
LONG_ANSWER = b"GET /openapi/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"  # quick to make, for anybody
Client = Callable[[Site, int], AbstractContextManager[None]]


def half_a_head(site: Site, sockets: int) -> AbstractContextManager[None]:
    """Send the head of a call a byte at a time."""
    return slow.dripping(site.port, slow.HALF_A_HEAD, sockets)


def half_a_form(site: Site, sockets: int) -> AbstractContextManager[None]:
    """Send a form a byte at a time."""
    return slow.dripping(site.port, slow.HALF_A_FORM, sockets)


def no_reading(site: Site, sockets: int) -> AbstractContextManager[None]:
    """Send many calls and read none of the answers."""
    return slow.unread(site.port, LONG_ANSWER, sockets)


KINDS: dict[str, Client] = {
    "clients that send a head slowly": half_a_head,
    "clients that send a form slowly": half_a_form,
    "clients that send many calls and read no answers": no_reading,
}
SCENARIOS = [
    *(
        Scenario(f"{sockets} {name}", SECONDS, lambda site, kind=kind, sockets=sockets: kind(site, sockets))
        for name, kind in KINDS.items()
        for sockets in (4, 50)
    ),
    *(
        Scenario(
            f"{sockets} {name}, behind nginx",
            SECONDS,
            lambda site, kind=kind, sockets=sockets: kind(site, sockets),
            place=with_nginx,
            needs="nginx",
        )
        for name, kind in KINDS.items()
        for sockets in (4, 50)
    ),
    Scenario(
        "1,300 idle connections, 1,024 descriptors",
        SECONDS,
        lambda site: slow.idle(site.port, 1300),
        place=with_few_descriptors,
    ),
]
