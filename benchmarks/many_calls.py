"""Millions of invented calls for measurements of the staff's pages: the ledger of 30 days, and what stands beside it.

Every tenth call is one of the first key; the others are of all keys in turn. Every twentieth is refused.
"""

from django.db import connection

from benchmarks.many_answers import execute, unindexed

CHUNK = 500_000
DAYS = 30

KEYS = """
CREATE TABLE benchmark_key AS
SELECT row_number() OVER (ORDER BY id) - 1 AS number, id, organization_id FROM partners_apikey ORDER BY id
"""
INDEX = "CREATE UNIQUE INDEX benchmark_key_number ON benchmark_key (number)"
ANALYZED = "ANALYZE benchmark_key"

CALLS = """
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, count, microseconds, address, new_network, encounters, patients)
SELECT 'req_' || substr(md5(turn::text), 1, 22), now() - (1 - turn / {rows}::float) * interval '{days} days', id,
    organization_id, 'GET', CASE turn % 3 WHEN 0 THEN 'encounters.detail' ELSE 'encounters.list' END, '', '',
    CASE turn % 20 WHEN 7 THEN 422 ELSE 200 END, CASE turn % 20 WHEN 7 THEN 'invalid_limit' ELSE '' END,
    CASE turn % 20 WHEN 7 THEN 0 ELSE 1 END, 1500, '198.51.100.' || turn % 256, false,
    CASE turn % 20 WHEN 7 THEN '{{}}' ELSE ARRAY[turn] END, CASE turn % 20 WHEN 7 THEN '{{}}' ELSE ARRAY[turn / 30] END
FROM generate_series({low}::bigint, {high}) AS turn
JOIN benchmark_key ON number = CASE turn % 10 WHEN 0 THEN 0 ELSE turn * 7919 % (SELECT count(*) FROM benchmark_key) END
"""

CALLS_SQLITE = """
WITH RECURSIVE turns (turn) AS (SELECT {low} UNION ALL SELECT turn + 1 FROM turns WHERE turn < {high})
INSERT INTO partners_requestrecord (request_id, occurred_at, api_key_id, organization_id, method, route, resource,
    query, status, reason_code, count, microseconds, address, new_network, encounters, patients)
SELECT printf('req_%022d', turn),
    strftime('%Y-%m-%d %H:%M:%f', 'now', ((turn / {rows}.0 - 1) * {days} * 86400) || ' seconds'), id, organization_id,
    'GET', iif(turn % 3, 'encounters.list', 'encounters.detail'), '', '', iif(turn % 20 = 7, 422, 200),
    iif(turn % 20 = 7, 'invalid_limit', ''), 0, 1500, '198.51.100.' || (turn % 256), 0, '[]', '[]'
FROM turns JOIN benchmark_key ON number = iif(turn % 10, turn * 7919 % (SELECT count(*) FROM benchmark_key), 0)
"""

# What came within a day without a key: of every minute the commonest few by source, as the tally keeps them.
UNKEYED = """
INSERT INTO partners_unkeyedcount (minute, source, reason_code, public_part, count)
SELECT date_trunc('minute', now()) - ago * interval '1 minute', '203.0.113.' || (ago + source) % 200, code, '',
    1 + source
FROM generate_series(0, 1440) AS ago, generate_series(0, 14) AS source,
    unnest(ARRAY['missing_bearer', 'malformed_token', 'invalid_key', 'route_not_found']) AS code
"""

NETWORKS = """
INSERT INTO partners_keynetwork (api_key_id, network, first_seen_at)
SELECT id, '198.51.' || part || '.0/24', now() - part * interval '1 hour'
FROM benchmark_key, generate_series(0, 250) AS part WHERE number < 50
"""

ENCOUNTERS = """
INSERT INTO encounters_encounter (public_id, organization_id, encounter_type, status, record_class, service_provider,
    created_at, updated_at)
SELECT 'enc_' || substr(md5(n::text), 1, 22), organization_id, 'ambient', 'completed',
    CASE n % 100 WHEN 0 THEN 'demo' ELSE 'clinical' END, '', now() - n * interval '1 minute', now()
FROM generate_series(1, {encounters}) AS n JOIN benchmark_key ON number = n % 1000
"""

NUMBERS_SQLITE = """
CREATE TABLE benchmark_number AS
WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {numbers}) SELECT n FROM count
"""

UNKEYED_SQLITE = """
INSERT INTO partners_unkeyedcount (minute, source, reason_code, public_part, count)
SELECT strftime('%Y-%m-%d %H:%M:00', 'now', (1 - ago.n) || ' minutes'), '203.0.113.' || ((ago.n + source.n) % 200),
    codes.value, '', source.n
FROM benchmark_number AS ago, benchmark_number AS source,
    json_each('["missing_bearer", "malformed_token", "invalid_key", "route_not_found"]') AS codes
WHERE ago.n <= 1441 AND source.n <= 15
"""

NETWORKS_SQLITE = """
INSERT INTO partners_keynetwork (api_key_id, network, first_seen_at)
SELECT id, '198.51.' || n || '.0/24', datetime('now', (-n) || ' hours')
FROM benchmark_key, benchmark_number WHERE n <= 251 AND number < 50
"""

ENCOUNTERS_SQLITE = """
INSERT INTO encounters_encounter (public_id, organization_id, encounter_type, status, record_class, service_provider,
    created_at, updated_at)
SELECT printf('enc_%022d', n), organization_id, 'ambient', 'completed', iif(n % 100, 'clinical', 'demo'), '',
    datetime('now', (-n) || ' minutes'), datetime('now')
FROM benchmark_number JOIN benchmark_key ON number = n % 1000
WHERE n <= {encounters}
"""


def fill(rows: int) -> None:
    """Invent calls for the keys that are there, and a tenth as many encounters."""
    if connection.vendor == "sqlite":
        _fill_sqlite(rows)
        return
    for statement in (KEYS, INDEX, ANALYZED, UNKEYED, NETWORKS, ENCOUNTERS.format(encounters=rows // 10)):
        execute(statement)
    with unindexed("partners_requestrecord"):
        for low in range(1, rows + 1, CHUNK):
            execute(CALLS.format(rows=rows, days=DAYS, low=low, high=min(low + CHUNK - 1, rows)))
    execute("VACUUM ANALYZE")  # as autovacuum does in its time


def _fill_sqlite(rows: int) -> None:
    for statement in (KEYS, INDEX):
        execute(statement)
    for low in range(1, rows + 1, CHUNK):
        execute(CALLS_SQLITE.format(rows=rows, days=DAYS, low=low, high=min(low + CHUNK - 1, rows)))
    fill_sqlite_beside(rows)


def fill_sqlite_beside(rows: int) -> None:
    """Invent what is beside the calls."""
    encounters = rows // 10
    numbers = NUMBERS_SQLITE.format(numbers=max(encounters, 1441))
    for statement in (numbers, UNKEYED_SQLITE, NETWORKS_SQLITE, ENCOUNTERS_SQLITE.format(encounters=encounters)):
        execute(statement)
