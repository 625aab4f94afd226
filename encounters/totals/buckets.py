"""The buckets of time in which served encounters are counted: months, days and hours of UTC."""

GRAINS = ("month", "day", "hour")

# Each grain as a row, for a SELECT over all of them.
EACH_GRAIN = "({}) AS grains".format(" UNION ALL ".join(f"SELECT '{grain}' AS grain" for grain in GRAINS))

# What partners may know of: neither withdrawn nor restricted. It holds for encounters and for documents.
PRESENT = "withdrawn_at IS NULL AND restricted_at IS NULL"
# Spelled like the condition of the index `encounter_served`, so that both databases can use it.
SERVED = f"record_class = 'clinical' AND {PRESENT}"

# SQLite stores an instant as text in UTC: YYYY-MM-DD hh:mm:ss, with a fraction only if there is one.
_HOUR = {
    "postgresql": "date_trunc('hour', created_at, 'UTC')",
    "sqlite": "substr(created_at, 1, 13) || ':00:00'",
}
_START = {
    "postgresql": "date_trunc(grain, {instant}, 'UTC')",
    "sqlite": "CASE grain WHEN 'month' THEN substr({instant}, 1, 7) || '-01 00:00:00'"
    " WHEN 'day' THEN substr({instant}, 1, 10) || ' 00:00:00' ELSE substr({instant}, 1, 13) || ':00:00' END",
}

_HOURS = """\
SELECT organization_id, {hour} AS hour, {number} AS matches
    FROM {rows} WHERE {condition} GROUP BY organization_id, {hour}"""

# Rows are grouped by hour first, so that the rest is cheap for any number of rows.
_BY_GRAIN = """\
SELECT organization_id, grain, {start} AS starts_at, CAST(sum(matches) AS bigint) AS matches
    FROM ({hours}) AS hours CROSS JOIN {each_grain}
    GROUP BY organization_id, grain, {start} HAVING sum(matches) <> 0"""


def start(vendor: str, instant: str) -> str:
    """Return SQL for the start of the bucket that contains an instant, for the grain of the row."""
    return _START[vendor].format(instant=instant)


def hours(vendor: str, rows: str = "encounters_encounter", condition: str = SERVED, number: str = "count(*)") -> str:
    """Return a SELECT of organization, hour and the number of rows that meet a condition."""
    return _HOURS.format(hour=_HOUR[vendor], number=number, rows=rows, condition=condition)


def by_grain(vendor: str, hours: str) -> str:
    """Return a SELECT of organization, grain, start and number of every bucket whose number is not zero."""
    return _BY_GRAIN.format(start=start(vendor, "hour"), hours=hours, each_grain=EACH_GRAIN)


def each_of(row: str, condition: str) -> str:
    """Return a condition whose columns are those of a row."""
    return " AND ".join(f"{row}.{column}" for column in condition.split(" AND "))
