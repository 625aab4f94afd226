"""Install the triggers that note ready transcripts. Like those of the counts, after every migration."""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from encounters.ready.triggers import TRIGGERS, Trigger

_FOUND = {
    "postgresql": """
SELECT tgname, prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE tgname LIKE 'ready_transcript_%' AND pg_table_is_visible(tgrelid) AND tgenabled IN ('O', 'A')
""",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ready_transcript_%'",
}

# A function refers to the tables of the session that creates it, no matter which session it runs in.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $${body}$$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, unless exactly these exist already. On PostgreSQL this blocks writers, but not readers."""
    if in_place(connection):
        return
    statements = [sql for trigger in TRIGGERS for sql in _created(connection.vendor, trigger)]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers on SQLite. What is written after that is not noted until they are installed again."""
    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")


def in_place(connection: BaseDatabaseWrapper) -> bool:
    """Return True if every trigger exists, does what it must, and is enabled."""
    with connection.cursor() as cursor:
        cursor.execute(_FOUND[connection.vendor])
        found = set(cursor.fetchall())
    return found >= {(each.name, _told(connection.vendor, each)) for each in TRIGGERS}


def _created(vendor: str, trigger: Trigger) -> list[str]:
    if vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {trigger.name}", _told(vendor, trigger)]
    return [
        _FUNCTION.format(name=trigger.name, body=_told(vendor, trigger)),
        f"{trigger.head(vendor)} EXECUTE FUNCTION {trigger.name}()".replace("CREATE", "CREATE OR REPLACE", 1),
    ]


def _told(vendor: str, trigger: Trigger) -> str:
    """Return what the database's catalogue shows of a trigger: the body of its function, or the whole statement."""
    if vendor == "sqlite":
        return f"{trigger.head(vendor)} BEGIN{trigger.note(vendor)}\nEND"
    return f"\nBEGIN{trigger.note(vendor)}\n    RETURN NULL;\nEND\n"
