"""What the calls met, and whether each answer is on record once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.calls import PARTNERS, Call
from tests.faults.database import Database

UNAVAILABLE = "503 service_unavailable"
COLUMNS = ("what", "calls", "failed", "503", "without row", "twice", "unheard", "slowest", "back", "answers")


@dataclass(frozen=True)
class Verdict:
    """The calls of one outage. Times in seconds.

    `unheard`: rows whose answer reached nobody. `back`: from the end of the outage to the last call that got 503.
    """

    name: str
    answers: Counter[str]
    failed: int
    unavailable: int
    without_row: int
    twice: int
    unheard: int
    slowest: float
    back: float | None

    @property
    def cells(self) -> list[str]:
        """Return the verdict as text, in the order of `COLUMNS`."""
        amounts = (self.failed, self.unavailable, self.without_row, self.twice, self.unheard)
        return [
            self.name,
            str(self.answers.total()),
            *map(str, amounts),
            f"{self.slowest:.2f} s",
            "–" if self.back is None else f"{self.back:.2f} s",
            ", ".join(f"{count} × {got}" for got, count in self.answers.most_common()),
        ]


def newest(database: Database) -> int:
    """Return the number of the newest row of the ledger."""
    with database.connect() as connection:
        return connection.execute("SELECT coalesce(max(id), 0) FROM partners_requestrecord").fetchone()[0]


def verdict(name: str, calls: Sequence[Call], database: Database, after: int, over: float | None = None) -> Verdict:
    """Judge the calls by what is on record in the database that is in service, in rows after the one numbered.

    `over`: when the outage is over, if calls may get 503 until then.
    """
    partners = [call for call in calls if call.kind in PARTNERS]
    answered = {call.request_id for call in partners if call.is_recorded}
    unavailable = [call for call in partners if call.got == UNAVAILABLE and call.contract]
    with database.connect() as connection:
        sql = "SELECT request_id, count(*) FROM partners_requestrecord WHERE id > %s GROUP BY request_id"
        rows = Counter(dict(connection.execute(sql, [after]).fetchall()))
    served = sum(call.served and call.contract for call in partners)
    return Verdict(
        name,
        Counter(call.got for call in partners),
        len(partners) - served - len(unavailable),
        len(unavailable),
        len(answered - rows.keys()),
        sum(rows[request_id] > 1 for request_id in answered),
        len(rows.keys() - answered),
        max(call.seconds for call in partners),
        None if over is None else max([over, *(call.ended for call in unavailable)]) - over,
    )
