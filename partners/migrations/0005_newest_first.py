from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0004_document_routes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='apikey',
            index=models.Index(fields=['created_at', 'id'], name='api_key_newest'),
        ),
        migrations.AddIndex(
            model_name='changeevent',
            index=models.Index(fields=['occurred_at', 'id'], name='change_event_time'),
        ),
    ]
