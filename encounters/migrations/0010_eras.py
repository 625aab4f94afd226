from django.db import migrations


class Migration(migrations.Migration):
    """New triggers, which `migrate` installs: processes of the release before know by it that a newer one is here."""

    dependencies = [
        ('encounters', '0009_restriction_indexes'),
        ('partners', '0032_names'),
    ]

    operations = []
