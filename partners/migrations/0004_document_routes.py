from django.db import migrations, models

ROUTES = [
    'encounters.list',
    'encounters.detail',
    'documents.detail',
    'documents.transcript',
    'documents.audio',
]


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0003_expiry_notices'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='routegrant',
            name='route_in_catalogue',
        ),
        migrations.AlterField(
            model_name='routegrant',
            name='route',
            field=models.CharField(choices=[(route, route) for route in ROUTES], max_length=64),
        ),
        migrations.AddConstraint(
            model_name='routegrant',
            constraint=models.CheckConstraint(condition=models.Q(('route__in', ROUTES)), name='route_in_catalogue'),
        ),
    ]
