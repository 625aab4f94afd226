import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0002_ledger'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExpiryNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('expires_at', models.DateTimeField()),
                ('days', models.PositiveSmallIntegerField(verbose_name='days before the end')),
                ('recipient', models.CharField(choices=[('contact', "the organization's contact"), ('staff', 'staff')], max_length=7)),
                ('sent_at', models.DateTimeField()),
                ('api_key', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='partners.apikey')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('api_key', 'expires_at', 'days', 'recipient'), name='expiry_notice_once')],
            },
        ),
    ]
