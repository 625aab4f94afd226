"""How chartero uses a database: what makes a commit durable, and how long a web process waits."""

from typing import Any

from chartero.deployment.environment import UnreadableSetting

POSTGRESQL = {
    "connect_timeout": 2,
    # Detect a server that disappeared within two seconds, even if no statement is running.
    "tcp_user_timeout": 2000,
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 2,
    "server_side_binding": True,  # send values apart from the statement, so that it can be prepared
}
# What web processes are called behind a pooler, which passes it on.
WEB_NAME = "chartero web"
WEB_LIMITS = "-c statement_timeout=2s -c lock_timeout=1s"
# To compile a plan that reads many rows takes longer than to run it: seconds, on a busy machine.
EVERYWHERE = "-c jit=off"
# What is in front of PostgreSQL: nothing, or a pooler that chooses a session for each transaction. It passes on
# prepared statements, or doesn't.
POOLERS = NONE, TRANSACTION, PREPARED = "none", "transaction", "transaction-prepared"


def configured(database: dict[str, Any], *, web_process: bool, pooler: str = NONE) -> dict[str, Any]:
    """Return Django's description of a database with the options that chartero needs. The given options win."""
    given = database.get("OPTIONS", {})
    if "postgresql" in database["ENGINE"]:
        ours = {"ENGINE": "chartero.postgresql", "OPTIONS": _postgresql(given, web_process, pooler)}
    else:
        memory = {"NAME": ":memory:"}
        ours = {"ENGINE": "chartero.sqlite", "OPTIONS": _sqlite(web_process) | given, "TEST": memory}
    return database | {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # A cursor of the server is closed by a statement. If Python's garbage collector closes one while its session
        # runs another statement, both wait for each other.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "POOLED": pooler != NONE,
        "PREPARES": pooler != TRANSACTION,
        **ours,
    }


def replica(primary: dict[str, Any], described: dict[str, Any], *, web_process: bool) -> dict[str, Any]:
    """Return Django's description of a streaming replica of the primary. Tests make no database for it.

    Raise UnreadableSetting unless both are PostgreSQL.
    """
    if not all("postgresql" in each["ENGINE"] for each in (primary, described)):
        raise UnreadableSetting("CHARTERO_REPLICA_URL", "Only PostgreSQL has replicas, and DATABASE_URL must name one.")
    return configured(described, web_process=web_process) | {
        "ENGINE": "chartero.postgresql.replica",
        "TEST": {"MIRROR": "default"},
    }


def _postgresql(given: dict[str, Any], web_process: bool, pooler: str) -> dict[str, Any]:
    """If a parameter is set twice, PostgreSQL uses the last value. A pooler refuses them, and has its own."""
    if pooler != NONE:
        return POSTGRESQL | ({"application_name": WEB_NAME} if web_process else {}) | given
    parts = (WEB_LIMITS if web_process else "", EVERYWHERE, given.get("options", ""))
    return POSTGRESQL | given | {"options": " ".join(filter(None, parts))}


def _sqlite(web_process: bool) -> dict[str, Any]:
    return {
        "timeout": 2 if web_process else 30,
        "transaction_mode": "IMMEDIATE",
        # A commit is durable: the record of a disclosure is on disk before the response is sent.
        # Without recursive triggers, REPLACE would bypass the trigger that prevents deletion.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
    }
