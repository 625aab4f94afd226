from django.db import migrations

from partners.partitions import converting


def divide(apps, schema_editor):
    """Partition the ledger by month, on PostgreSQL alone. Its state in Django stays the same."""
    if schema_editor.connection.vendor == "postgresql":
        converting.divide(schema_editor.connection)


def unite(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        converting.unite(schema_editor.connection)


class Migration(migrations.Migration):

    atomic = False  # an index is built while calls continue

    dependencies = [
        ('partners', '0034_record_integrity'),
    ]

    operations = [
        migrations.RunPython(divide, unite),
    ]
