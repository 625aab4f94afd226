from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0035_partitions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="unkeyedcount",
            index=models.Index(fields=["minute"], name="unkeyed_count_minute"),
        ),
        migrations.RemoveConstraint(
            model_name="unkeyedcount",
            name="unkeyed_count_once",
        ),
    ]
