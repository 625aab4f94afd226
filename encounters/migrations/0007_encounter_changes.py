import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('encounters', '0006_ready_transcripts'),
        ('partners', '0022_four_eyes'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChangeHorizon',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='partners.organization')),
                ('era', models.BigIntegerField(default=0)),
                ('position', models.BigIntegerField(default=0)),
                ('encounter', models.BigIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='EncounterChange',
            fields=[
                ('pk', models.CompositePrimaryKey('organization', 'position', 'encounter', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField()),
                ('encounter', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=32)),
                ('change', models.CharField(choices=[('available', 'Available'), ('updated', 'Updated'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('changed_at', models.DateTimeField()),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='partners.organization')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('change__in', ['available', 'updated', 'withdrawn'])), name='encounter_change_known')],
            },
        ),
    ]
