"""Rehearse backups: restore PostgreSQL to a point in time and from a dump, then judge what is there.

python -m tests.rehearsal

It needs PostgreSQL's programs, and a user `postgres` for them if it is run as root. It prints a line for each thing
that it saw, and exits with 1 at the first that is not as docs/operation.md says.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.rehearsal.cluster import Cluster, cluster
from tests.rehearsal.operator import Key, Operator


def main() -> None:
    """Rehearse both."""
    began = time.monotonic()
    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        operator = Operator(server, Path(folder))
        key = point_in_time(server, operator)
        dump(server, operator, key)
    used = os.times()
    cpu = used.user + used.system + used.children_user + used.children_system
    seen(f"done in {time.monotonic() - began:.0f} s, with {cpu:.0f} s of CPU time besides the server's")


def point_in_time(server: Cluster, operator: Operator) -> Key:
    """Lose everything after a point in time, and find out what has to be done again. Return a key from before."""
    operator.set_up()
    kept, stolen = operator.key("Kept"), operator.key("Stolen")
    base = server.base_backup()
    before = [operator.called(kept) for _ in range(5)] + [operator.called(stolen)]
    operator.run("seal_records")
    [(point,)] = server.ask("SELECT clock_timestamp()")
    time.sleep(1.1)
    operator.run("revoke_key", stolen.public_id, "--reason", "stolen", "--ticket", "INC-1")
    after = [operator.called(kept) for _ in range(5)]
    assert operator.status(stolen) == 401
    checkpoint = operator.sealed()
    operator.export()
    server.archive()
    server.stop()
    seen("the server is gone after 6 calls, a revocation and 5 calls")

    server.restore(base, point.isoformat())
    operator.reconnect()
    assert operator.recorded(before + after) == before
    seen("the calls before the point are on record, those after it are not")
    operator.run("verify_records")
    operator.run("check_totals")
    operator.run("check_usage")
    seen("verify_records, check_totals and check_usage find nothing")
    assert "chain_shorter" in operator.refused("verify_records", "--checkpoint", str(checkpoint))
    seen("the checkpoint that left the machine says that the chain is shorter")
    assert operator.status(kept) == 200
    seen("a key from before works")

    assert operator.status(stolen) == 200
    lost = operator.revoked_after(point)
    assert lost == [stolen.public_id]
    operator.run("revoke_key", lost[0], "--reason", "again after a restore", "--ticket", "INC-1")
    assert operator.status(stolen) == 401
    seen("the revocation is lost, found in the exported record, and made again")
    operator.run("expire_cursors")
    operator.judge(kept)
    seen("deploy/restore-check finds nothing")
    return kept


def dump(server: Cluster, operator: Operator, key: Key) -> None:
    """Dump the database and restore it under another name: partitions, triggers, roles."""
    calls = operator.calls()
    path = operator.dump()
    server.ask("CREATE DATABASE restored OWNER chartero_owner", "postgres")
    operator.restore(path, "restored")
    operator.judge(key)
    seen("a dump is restored with its partitions and triggers: deploy/restore-check finds nothing")
    assert operator.calls() == calls
    assert not operator.may_alter_the_record()
    seen("every call is on record, and the role of the web service can't alter the record")


def seen(what: str) -> None:
    """Print what was seen."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
