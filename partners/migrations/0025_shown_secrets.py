"""Know which signing secrets were shown. Those that exist were shown when they were made."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F
from django.db.models.functions import Coalesce


def note_shown(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    endpoints = apps.get_model("partners", "WebhookEndpoint").objects.using(schema_editor.connection.alias)
    endpoints.update(shown_generation=Coalesce(F("next_generation"), F("generation")))


class Migration(migrations.Migration):
    dependencies = [("partners", "0024_ticket")]

    operations = [
        migrations.AddField(
            "webhookendpoint",
            "shown_generation",
            models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunPython(note_shown, migrations.RunPython.noop),
    ]
