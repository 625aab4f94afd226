from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0032_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="verification",
            name="first_seal",
            field=models.BigIntegerField(
                default=0,  # nobody knows where earlier ones began, so they count as verifications of a part
                verbose_name="the first seal that was verified; 1 means the whole record",
            ),
            preserve_default=False,
        ),
    ]
