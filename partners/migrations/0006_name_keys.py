from collections.abc import Iterator

import partners.name_keys
import partners.names
from django.db import migrations, models
from partners.name_keys import TWIN
from partners.names import key

BATCH = 500


def fill(apps, schema_editor) -> None:
    """Make the key of every name; of two that are one the older has it plain, and no row is lost."""
    using = schema_editor.connection.alias
    taken = set()
    organizations = apps.get_model("partners", "Organization").objects.using(using).order_by("pk")
    for batch in _batches(organizations):
        for each in batch:
            plain = key(each.name)
            each.name_key = f"{plain}{TWIN}{each.public_id}" if plain in taken else plain
            taken.add(plain)
        organizations.bulk_update(batch, ["name_key"])
    keys = apps.get_model("partners", "ApiKey").objects.using(using).order_by("pk")
    for batch in _batches(keys.only("label")):
        for each in batch:
            each.label_key = key(each.label)
        keys.bulk_update(batch, ["label_key"])


def _batches(rows) -> Iterator[list]:
    last = 0
    while batch := [*rows.filter(pk__gt=last)[:BATCH]]:
        yield batch
        last = batch[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0005_newest_first'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='name_key',
            field=partners.name_keys.NameKeyField(blank=True, db_default='', default='', editable=False, max_length=432, of='name'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='label_key',
            field=partners.name_keys.NameKeyField(blank=True, db_default='', default='', editable=False, max_length=432, of='label'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='organization',
            name='organization_name_unique',
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.UniqueConstraint(
                models.F('name_key'),
                name='organization_name_unique',
                violation_error_code='unique',
                violation_error_message='There is an organization of this name already.',
            ),
        ),
        migrations.AlterField(
            model_name='organization',
            name='name',
            field=models.CharField(max_length=200, validators=[partners.names.readable]),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='label',
            field=models.CharField(max_length=200, validators=[partners.names.readable]),
        ),
    ]
