from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the columns, so that calls go on while indexes are built: only imports wait."""

    dependencies = [
        ('encounters', '0008_restrictions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('audio__isnull', False)), fields=['audio'], name='document_of_recording'),
        ),
        migrations.AddIndex(
            model_name='encounter',
            index=models.Index(condition=models.Q(('record_class', 'clinical'), ('restricted_at', None), ('withdrawn_at', None)), fields=['organization', 'created_at', 'public_id'], name='encounter_served'),
        ),
        migrations.AddIndex(
            model_name='encounter',
            index=models.Index(condition=models.Q(('restricted_at__isnull', False)), fields=['organization'], name='encounter_restricted'),
        ),
        migrations.RemoveIndex(
            model_name='encounter',
            name='encounter_page',
        ),
    ]
