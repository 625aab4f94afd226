"""A candidate that is up and answers, and the keys to ask it with."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.compare import candidates, product
from benchmarks.compare.candidates import TEXTBOOK, Candidate, Server
from benchmarks.compare.proc import trees
from benchmarks.compare.processes import PATIENCE, free_port, run, running, wait_until

STARTING = 600  # seconds, on a busy machine
LIST = "/external/v1/encounters"
ALL = ("encounters:read", "patients:read", "documents:read")


@dataclass(frozen=True, slots=True)
class Site:
    """Where candidates run: the work folder, the peers' interpreter, the database, also by its Unix socket."""

    folder: Path
    peers: str
    url: str
    socket_url: str = ""

    def keys(self, wanted: Mapping[str, tuple[int, Sequence[str]]], *, own: bool) -> dict[str, str]:
        """Return a token for each caller, an organization's primary key and scopes; `own`: the textbook's."""
        if own:
            environment = {"DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": f"{TEXTBOOK}.settings"}
            asked = json.dumps([*wanted.values()])
            tokens = json.loads(run([self.peers, "-m", f"{TEXTBOOK}.keys", asked], environment))
        else:
            tokens = product.issue(self.url, [*wanted.values()])
        return dict(zip(wanted, tokens, strict=True))


@dataclass(frozen=True, slots=True)
class Service:
    """A candidate that answers on a port. `front`: the URL of a proxy before it, which is asked instead.

    `kinds`: its processes, and those it needs, by what they are; of each, those that started the others.
    """

    name: str
    server: str
    port: int
    pid: int
    tokens: Mapping[str, str]
    front: str = ""
    kinds: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return where it is asked."""
        return self.front or f"http://127.0.0.1:{self.port}/"

    def processes(self) -> dict[str, list[int]]:
        """Return all processes that there are now, by kind."""
        return trees(self.kinds or {"Python": [self.pid]})

    def get(self, path: str, caller: str) -> tuple[int, object]:
        """Return the status and the parsed body of one call."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.tokens[caller]}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if answer.status == 200 else body


@contextmanager
def served(site: Site, candidate: Candidate, server: Server, tokens: Mapping[str, str]) -> Iterator[Service]:
    """Serve a candidate until the exit; `tokens` by what the callers are called."""
    port = free_port()
    log = site.folder / f"{candidate.name} on {server.name}.log".replace(" ", "-")
    command = candidates.command(candidate, server, port, site.peers)
    url = site.socket_url if candidate.over_socket else site.url
    with running(command, log, candidates.environment(candidate, url, port)) as process:
        service = Service(candidate.name, server.name, port, process.pid, tokens)
        wait_until(lambda: _answers(service), process, STARTING, log)
        yield service


def _answers(service: Service) -> bool:
    try:
        return service.get(f"{LIST}?limit=1", next(iter(service.tokens)))[0] == 200
    except (OSError, http.client.HTTPException):
        return False
