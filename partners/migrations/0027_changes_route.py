from django.db import migrations, models

ROUTES = [
    'encounters.list',
    'encounters.detail',
    'documents.detail',
    'documents.transcript',
    'documents.audio',
    'changes.list',
]


def forget_the_route(apps, schema_editor):
    """On the way back: the constraint before doesn't know the route."""
    grants = apps.get_model('partners', 'RouteGrant').objects.using(schema_editor.connection.alias)
    grants.filter(route='changes.list').delete()


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0026_staff_activity'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='routegrant',
            name='route_in_catalogue',
        ),
        migrations.RunPython(migrations.RunPython.noop, forget_the_route),
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
