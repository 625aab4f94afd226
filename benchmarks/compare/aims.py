"""What is asked for, and how much faster than each peer chartero means to be: with its ledger, and without."""

from benchmarks.compare.candidates import DRF, FASTAPI, LIMITS

LARGE, SMALL, DETAIL = "list of 25, organization of 100,000", "list of 25, organization of 5,000", "detail"
CALLS = (LARGE, SMALL, DETAIL)
SHORT = ("list of 100,000", "list of 5,000", DETAIL)
LIMIT_HERE, LIMIT_ELSEWHERE = (each.name for each in LIMITS)
AIMS = {
    "PostgreSQL": (
        (LARGE, DRF.name, 10, 12),
        (LARGE, FASTAPI.name, 9, 10),
        (SMALL, DRF.name, 6.5, 6.5),
        (SMALL, FASTAPI.name, 4.5, 5),
        (DETAIL, DRF.name, 5, 7.5),
        (DETAIL, FASTAPI.name, 3.5, 5.5),
        (LARGE, LIMIT_HERE, 0.55, 0.75),
        (SMALL, LIMIT_HERE, 0.55, 0.75),
        (DETAIL, LIMIT_HERE, 0.5, 0.5),
        (LARGE, LIMIT_ELSEWHERE, None, 0.75),
        (SMALL, LIMIT_ELSEWHERE, None, 0.75),
        (DETAIL, LIMIT_ELSEWHERE, None, 0.5),
    ),
    "SQLite": ((LARGE, DRF.name, None, 7), (SMALL, DRF.name, None, 7), (DETAIL, DRF.name, 4, 7)),
}
LONGEST, FAR_AWAY = 1.1, 1.7  # times as long: a page of the most encounters, and one far away in them
MEGABYTES = 45  # of a worker
