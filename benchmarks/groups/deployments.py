"""The deployments that are compared: every mix of one or two process groups, a replica and PgBouncer, behind nginx.

Three PostgreSQL servers with the settings of `deploy/postgresql`: one that nobody follows, a copy of it, and a replica
of the copy. So what the replica costs its primary, such as sending it the log, is not in the figures of the others.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.compare import cluster, filling, invented
from benchmarks.compare.candidates import AS_SHIPPED
from benchmarks.compare.cluster import Cluster
from benchmarks.compare.proc import tree
from benchmarks.compare.processes import ROOT
from benchmarks.compare.product import collect_static
from benchmarks.compare.serving import ALL, Service, Site, served
from tests import nginx, pgbouncer

DATABASE, COPY = "comparison", "comparison_of_this_run"
CALLER, ORGANIZATION = "large", 1
PRIMARY, REPLICA = (ROOT / "deploy/postgresql" / name for name in ("primary.conf", "replica.conf"))
SLOT = ("--write-recovery-conf", "--slot=chartero_replica", "--create-slot")
HOST = "localhost"  # wrk puts it into TLS, where an address is no name
UNLIMITED = "1000000r/s"  # calls a second from one address; as deployed it would be 1,000
PYTHON, POSTGRESQL, FOLLOWER, POOLER, PROXY = KINDS = ("Python", "PostgreSQL", "replica", "PgBouncer", "nginx")
COMMITS = f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{COPY}'"
WRITTEN = "SELECT pg_current_wal_lsn() - '0/0'"
STORED = r"""
SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'partners\_requestrecord%' AND relkind = 'r'
"""
RECORDED = "SELECT count(*) FROM partners_requestrecord"
Begun = TypeVar("Begun")


class Shape(NamedTuple):
    """What a deployment has."""

    replica: bool
    pooler: bool
    groups: int = 1

    @property
    def name(self) -> str:
        """Return what it is called."""
        more = ("replica", self.replica), ("PgBouncer", self.pooler)
        return ", ".join([f"{'two groups' if self.groups == 2 else 'one group'}", *(word for word, has in more if has)])


PLAIN, BARE = Shape(replica=False, pooler=False).name, "one group, without nginx"


class Counted(NamedTuple):
    """The calls on record, the statements that the replica has answered, bytes of the log and of the ledger."""

    calls: int
    answered: int
    logged: int
    stored: int

    def since(self, before: "Counted") -> "Counted":
        """Return what has come since then."""
        return Counted(*(now - earlier for now, earlier in zip(self, before, strict=True)))

    @property
    def read_there(self) -> float:
        """Return the share of the calls that were read from the replica, which takes two statements for each."""
        return self.answered / 2 / self.calls


class Place(NamedTuple):
    """A PostgreSQL server, and its replica."""

    primary: Cluster
    replica: Cluster | None = None

    def counted(self) -> "Counted":
        """Return what both have done so far."""
        assert self.replica is not None
        written = _one(self.primary, COPY, WRITTEN), _one(self.primary, COPY, STORED)
        return Counted(_one(self.primary, COPY, RECORDED), _one(self.replica, "postgres", COMMITS), *written)


@contextmanager
def running(folder: Path) -> Iterator[tuple[list[Service], Place]]:
    """Start all deployments; yield them, and the servers of those with a replica."""
    with ExitStack() as stack:
        plain = stack.enter_context(cluster.started(folder, given=cluster.settings_of(PRIMARY)))
        filling.postgresql(plain, DATABASE, invented.COMPARISON)
        url = filling.copied(plain, DATABASE, COPY)
        collect_static(url)
        tokens = Site(folder, "", url).keys({CALLER: (ORGANIZATION, ALL)}, own=False)  # the copies know them, too
        followed = _followed(stack, folder, plain)
        each = [Deploying(stack, folder, tokens, *mix) for mix in product((Place(plain), followed), (False, True))]
        for one in each:
            one.reach_database()
        with ThreadPoolExecutor(8) as at_once:
            groups = [*at_once.map(lambda mix: mix[0].group(mix[1]), product(each, (1, 2)))]
        services = [one.services(groups[2 * number : 2 * number + 2]) for number, one in enumerate(each)]
        yield [*chain.from_iterable(services)], followed


def _followed(stack: ExitStack, folder: Path, plain: Cluster) -> Place:
    """Start a copy of a server, and a replica of the copy."""
    cluster.duplicate(plain, folder, "followed")
    primary = stack.enter_context(cluster.started(folder, "followed", cluster.settings_of(PRIMARY)))
    cluster.duplicate(primary, folder, "replica", *SLOT)
    replica = stack.enter_context(cluster.started(folder, "replica", cluster.settings_of(PRIMARY, REPLICA)))
    return Place(primary, replica)


def _one(server: Cluster, database: str, statement: str) -> int:
    with closing(server.connect(database)) as connection:
        (found,) = connection.execute(statement).fetchone() or (0,)
    return int(found)


@dataclass(slots=True)
class Deploying:
    """Two groups over one place, and nginx in front of one and of both."""

    stack: ExitStack
    folder: Path
    tokens: Mapping[str, str]
    place: Place
    pooler: bool
    url: str = ""
    kinds: dict[str, Sequence[int]] = field(default_factory=dict)

    def reach_database(self) -> None:
        """Start what is between the groups and PostgreSQL."""
        self.url, self.kinds[POSTGRESQL] = self.place.primary.url(COPY), [self.place.primary.pid]
        if self.place.replica:
            self.kinds[FOLLOWER] = [self.place.replica.pid]
        if self.pooler:
            databases = pgbouncer.entries(str(self.place.primary.port), COPY)
            pooler, self.kinds[POOLER] = self._begun(pgbouncer.running(databases))
            self.url = f"postgres://postgres@127.0.0.1:{pooler.port}/chartero"

    def group(self, number: int) -> Service:
        """Start a group."""
        name = f"{self._shape(1).name}, number {number}"
        candidate = replace(AS_SHIPPED, name=name, environment=self._environment())
        site = Site(self.folder, "", self.url)
        return self.stack.enter_context(served(site, candidate, AS_SHIPPED.servers[0], self.tokens))

    def services(self, groups: Sequence[Service]) -> list[Service]:
        """Put nginx in front of the groups, and return what can be asked."""
        found = [self._fronted(groups[:count]) for count in (1, 2)]
        if self._shape(1).name == PLAIN:
            found.append(replace(groups[0], name=BARE, kinds=self.kinds | {PYTHON: [groups[0].pid]}))
        return found

    def _shape(self, groups: int) -> Shape:
        return Shape(self.place.replica is not None, self.pooler, groups)

    def _environment(self) -> dict[str, str]:
        given = {"CHARTERO_BEHIND_PROXY": "1", "CHARTERO_ALLOWED_HOSTS": f"127.0.0.1,{HOST}"}
        if self.place.replica:
            given["CHARTERO_REPLICA_URL"] = self.place.replica.url(COPY)
        return given | ({"CHARTERO_POOLER": "transaction"} if self.pooler else {})

    def _fronted(self, groups: Sequence[Service]) -> Service:
        """Run nginx in front of some groups."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # its processes are not root's
        first, *others = [each.port for each in groups]
        listening, proxy = self._begun(nginx.running(folder, first, first, *others, name=HOST, rate=UNLIMITED))
        mine = {PYTHON: [each.pid for each in groups], **self.kinds, PROXY: proxy}
        front = f"https://{HOST}:{listening.https}/"
        return replace(groups[0], name=self._shape(len(groups)).name, front=front, kinds=mine)

    def _begun(self, starting: AbstractContextManager[Begun]) -> tuple[Begun, list[int]]:
        """Start a program; return what it yields, and its process."""
        before = {*tree(os.getpid())}
        yielded = self.stack.enter_context(starting)
        return yielded, [next(pid for pid in tree(os.getpid()) if pid not in before)]  # ours come before theirs
