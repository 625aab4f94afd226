from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('encounters', '0005_encounter_withheld'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReadyTranscript',
            fields=[
                ('document', models.BigIntegerField(primary_key=True, serialize=False)),
                ('ready_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('taken_at', None)), fields=['ready_at'], name='ready_transcript_waiting')],
            },
        ),
    ]
