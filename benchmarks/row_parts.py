"""What each part of the ledger costs PostgreSQL for a row: indexes, checks, the trigger, the beginnings of ids.

    .ci/with-postgresql python -m benchmarks.row_parts [ROWS [TURNS]]

Makes partitioned tables with the columns, indexes and triggers of the ledger, each without or with a part, fills each
with a million rows, and adds rows to them in changing order, 30 at a time, each committed. It sends 30 before it reads
an answer, so that the session isn't interrupted by others on a busy machine. Prints the CPU time of the session for
a row, the bytes of the log for a row while no page has to be logged as a whole, and those of the first rows after a
checkpoint.
"""

import os
import random
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from psycopg.pq import ExecStatus  # noqa: E402

from benchmarks.many_answers import MILLION, execute  # noqa: E402
from chartero.postgresql import prepared  # noqa: E402
from partners.identifiers import IdsInRuns, new_id  # noqa: E402
from partners.partitions.present import LEDGER  # noqa: E402
from partners.record import ledger  # noqa: E402
from partners.triggers import times  # noqa: E402

SIZES = [1] * 20 + [25] * 9 + [0]  # patients of the rows that are sent at a time
KEYS, ORGANIZATIONS, PATIENTS = 150, 50, 200_000
SINCE_CHECKPOINT, TURNS, WARM = 300, 60, 5
PARTIAL = ("refusal", "refusal_of_key", "refusal_of_org", "outside")
CHECKED = "ALTER TABLE {name} " + ", ".join(
    f"ADD CHECK ({column} >= 0)" for column in ("status", "count", "microseconds", "document")
)
OLD_TRIGGER = """
CREATE OR REPLACE FUNCTION benchmark_old_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('chartero.times', true) = 'given' THEN
        IF pg_has_role((SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.occurred_at < date_trunc('month', clock_timestamp(), 'UTC') THEN
        IF NEW.occurred_at BETWEEN clock_timestamp() - interval '2 seconds' AND clock_timestamp() THEN
            RETURN NEW;
        END IF;
    END IF;
    NEW.occurred_at := clock_timestamp();
    RETURN NEW;
END
$$
"""
FILL = """
INSERT INTO {name} (request_id, occurred_at, api_key_id, organization_id, method, route, resource, query, status,
    reason_code, count, microseconds, address, new_network, encounters, patients)
SELECT 'req_' || {head} || substr({random}, 3, 20), now() - ({rows} - n) * interval '1 millisecond', n % {keys},
    n % {organizations}, 'GET', 'encounters.detail', 'enc_' || substr(md5(n::text), 1, 22), '',
    CASE n % 50 WHEN 0 THEN 422 ELSE 200 END, CASE n % 50 WHEN 0 THEN 'invalid_limit' ELSE '' END, 1, 1500,
    '198.51.100.7', false, ARRAY[n], ARRAY[n * 7919 % {patients}]
FROM generate_series(1, {rows}::bigint) AS n
"""
# 22 characters, as evenly spread as those of real ids: where the new ones come between them is what is measured.
RANDOM = "translate(encode(decode(md5({0}::text), 'hex'), 'base64'), '+/', 'Aa')"
ALONE, IN_RUNS = (f"substr({RANDOM.format(of)}, 1, 2)" for of in ("n", "(n / 5000)"))


class Way(NamedTuple):
    """A table: the indexes it lacks, whether it has the checks and which trigger, and whether ids come in runs."""

    without: tuple[str, ...] = ()
    checked: bool = False
    trigger: str = times._WRITE.name
    in_runs: bool = True


OLD = Way(checked=True, trigger="benchmark_old_trigger", in_runs=False)
WAYS = {
    "before": OLD,
    "without the checks": OLD._replace(checked=False),
    "and with the new trigger": Way(in_runs=False),
    "and with ids in runs: now": Way(),
    "now, without any trigger": Way(trigger=""),
    "now, without the partial indexes": Way(without=PARTIAL),
    "now, without the index of time": Way(without=("time",)),
    "now, without the index of patients": Way(without=("patients",)),
}


class Table:
    """One table, and a session that adds rows to it."""

    def __init__(self, number: int, way: Way, rows: int) -> None:
        self.name, self.new_id = f"benchmark_row_{number}", IdsInRuns("req") if way.in_runs else lambda: new_id("req")
        self.cpu: list[float] = []
        self.log: list[float] = []
        self._make(way, rows)
        self.session = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).pgconn
        insert = ledger._INSERT.format(right_now=times.RIGHT_NOW["postgresql"]).replace(LEDGER, self.name)
        self.session.prepare(b"insert", prepared._numbered(insert))

    def _make(self, way: Way, rows: int) -> None:
        execute(f"CREATE TABLE {self.name} (LIKE {LEDGER} INCLUDING ALL) PARTITION BY RANGE (occurred_at)")
        execute(f"CREATE TABLE {self.name}_all PARTITION OF {self.name} DEFAULT")
        for name in way.without:
            execute(f"DROP INDEX {index_of(self.name, name)}")
        if way.checked:
            execute(CHECKED.format(name=self.name))
        head = IN_RUNS if way.in_runs else ALONE
        numbers = {"keys": KEYS, "organizations": ORGANIZATIONS, "patients": PATIENTS, "rows": rows}
        execute(FILL.format(name=self.name, head=head, random=RANDOM.format("n"), **numbers))
        execute(f"CREATE UNIQUE INDEX ON {self.name}_all (request_id)")
        if way.trigger:
            execute(
                f"CREATE TRIGGER of_time BEFORE INSERT ON {self.name} FOR EACH ROW EXECUTE FUNCTION {way.trigger}()"
            )

    def add(self, sizes: list[int]) -> tuple[float, float]:
        """Add rows of these sizes; return the µs of CPU and the bytes of the log for one."""
        rows = [self._row(size) for size in sizes]
        log, cpu = written(), on_cpu(self.session.backend_pid)
        self._send(rows)
        return (on_cpu(self.session.backend_pid) - cpu) / len(rows), (written() - log) / len(rows)

    def _send(self, rows: list[list[bytes | None]]) -> None:
        self.session.enter_pipeline_mode()
        for row in rows:
            self.session.send_query_prepared(b"insert", row)
            self.session.pipeline_sync()
        left = len(rows)
        while left:
            answer = self.session.get_result()
            if answer is not None and answer.status == ExecStatus.PIPELINE_SYNC:
                left -= 1
            elif answer is not None and answer.status != ExecStatus.COMMAND_OK:
                raise SystemExit(answer.error_message.decode())
        self.session.exit_pipeline_mode()

    def _row(self, size: int) -> list[bytes | None]:
        pks = "{" + ",".join(str(random.randrange(PATIENTS)) for _ in range(size)) + "}"
        whose = random.randrange(KEYS), random.randrange(ORGANIZATIONS)
        what = ("encounters.list", "") if size != 1 else ("encounters.detail", new_id("enc"))
        answer = (200, "") if size else (422, "invalid_limit")
        query = "limit=25&offset=0" if size == 25 else ""
        values = (self.new_id(), timezone.now(), *whose, "GET", *what, query, *answer, None, size, 1500)
        more = ("198.51.100.7", False, None, pks, pks, None)
        return prepared._texts([*values, *more])


def index_of(table: str, name: str) -> str:
    """Return the index of a table that has the definition of an index of the ledger."""
    found = execute(f"""
        SELECT copy.indexrelid::regclass::text FROM pg_index AS own JOIN pg_index AS copy
            ON own.indkey::text = copy.indkey::text AND own.indisunique = copy.indisunique
            AND pg_get_expr(own.indpred, own.indrelid) IS NOT DISTINCT FROM pg_get_expr(copy.indpred, copy.indrelid)
        WHERE own.indexrelid = 'request_record_{name}'::regclass AND copy.indrelid = '{table}'::regclass
    """)
    return str(found[0][0])


def written() -> int:
    """Return where the log ends."""
    return int(execute("SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])


def on_cpu(process: int) -> float:
    """Return how many microseconds a process of this machine has run."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e3


def main() -> None:
    """Measure and print."""
    if connection.vendor != "postgresql":
        raise SystemExit("Name an empty PostgreSQL database in DATABASE_URL.")
    given = [*map(int, sys.argv[1:])]
    rows, turns = given[0] if given else MILLION, given[1] if given[1:] else TURNS
    prepare()
    tables = {name: Table(number, way, rows) for number, (name, way) in enumerate(WAYS.items())}
    compare(tables, turns)
    first = {name: after_checkpoint(table) for name, table in tables.items()}
    print(f"{rows} rows in each table, {turns} turns; load {os.getloadavg()[0]:.1f}")
    for name, table in tables.items():
        ratio = statistics.median(own / old for own, old in zip(table.cpu, tables["before"].cpu, strict=True))
        print(
            f"{name:40}{statistics.median(table.cpu):7.0f} µs of CPU, ratio {ratio:.2f};"
            f" log {statistics.median(table.log):6.0f} bytes, after a checkpoint {first[name]:6.0f}"
        )


def prepare() -> None:
    """Make the ledger, and let nothing but this benchmark write."""
    call_command("migrate", verbosity=0)
    for setting in ("autovacuum = off", "checkpoint_timeout = '1h'", "max_wal_size = '20GB'"):
        execute(f"ALTER SYSTEM SET {setting}")
    execute(OLD_TRIGGER)


def compare(tables: dict[str, Table], turns: int) -> None:
    """Add rows to all tables in changing order, and note what they took. The first turns don't count."""
    pages_logged("off")
    for turn in range(turns + WARM):
        for table in random.sample([*tables.values()], len(tables)):
            cpu, log = table.add(SIZES)
            if turn >= WARM:
                table.cpu.append(cpu)
                table.log.append(log)
    pages_logged("on")


def pages_logged(state: str) -> None:
    """Say whether the log gets each page as a whole that changes for the first time after a checkpoint."""
    execute(f"ALTER SYSTEM SET full_page_writes = {state}")
    execute("SELECT pg_reload_conf(), pg_sleep(1)")


def after_checkpoint(table: Table) -> float:
    """Return the bytes of the log for each of the first rows."""
    execute("CHECKPOINT")
    return table.add(random.choices(SIZES, k=SINCE_CHECKPOINT))[1]


if __name__ == "__main__":
    main()
