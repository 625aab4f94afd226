from django.db import migrations, models

from partners.partitions import patience

# Those of the ledger's numbers, on PostgreSQL.
_CHECKS = """
SELECT format('DROP CONSTRAINT %%I', conname) FROM pg_constraint
WHERE conrelid = to_regclass('partners_requestrecord') AND contype = 'c' AND conname LIKE '%%_check' ORDER BY conname
"""


def drop_checks(apps, schema_editor):
    """Drop the checks that PostgreSQL compiles for each row. SQLite compiles them once, and would copy every row."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        patience.again(connection, lambda: _drop(connection))


def _drop(connection):
    patience.execute(connection, "LOCK TABLE partners_requestrecord IN SHARE UPDATE EXCLUSIVE MODE")
    if found := patience.column(connection, _CHECKS):
        patience.hurry(connection)
        patience.execute(connection, f"ALTER TABLE partners_requestrecord {', '.join(found)}")


class Migration(migrations.Migration):
    """The release before works without the checks. So nothing makes them again on the way back."""

    atomic = False  # each attempt to get the lock has a transaction of its own

    dependencies = [
        ("partners", "0037_explanations"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_checks, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    model_name="requestrecord",
                    name="status",
                    field=models.SmallIntegerField(),
                ),
                migrations.AlterField(
                    model_name="requestrecord",
                    name="count",
                    field=models.SmallIntegerField(verbose_name="encounters in the body"),
                ),
                migrations.AlterField(
                    model_name="requestrecord",
                    name="microseconds",
                    field=models.IntegerField(verbose_name="duration in µs"),
                ),
                migrations.AlterField(
                    model_name="requestrecord",
                    name="document",
                    field=models.BigIntegerField(null=True),
                ),
            ],
        ),
    ]
