import django.db.models.deletion
import django.utils.timezone
import partners.identifiers
import partners.models.webhooks.endpoint
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('partners', '0019_usage'),
    ]

    operations = [
        migrations.AlterField(
            model_name='changeevent',
            name='action',
            field=models.CharField(choices=[('organization_created', 'Organization created'), ('contact_changed', 'Contact changed'), ('purpose_changed', 'Purpose changed'), ('description_changed', 'Description changed'), ('commented', 'Comment'), ('access_changed', 'Access changed'), ('organization_limit_changed', "Organization's limit changed"), ('key_issued', 'Key issued'), ('key_rotated', 'Key rotated'), ('rotation_finished', 'Rotation finished'), ('key_disabled', 'Key disabled'), ('key_enabled', 'Key enabled'), ('key_revoked', 'Key revoked'), ('key_leaked', 'Key reported as leaked'), ('expiry_changed', 'Expiry changed'), ('scopes_changed', 'Scopes changed'), ('key_limit_changed', "Key's limit changed"), ('networks_changed', 'Networks changed'), ('handover_prepared', 'Hand-over prepared'), ('handover_sent', 'Link sent'), ('handover_not_sent', 'Link not sent'), ('handover_opened', 'Link opened'), ('handover_refused', 'Collection refused'), ('handover_collected', 'Key collected'), ('handover_locked', 'Link locked'), ('handover_reused', 'Link used after collection'), ('handover_withdrawn', 'Link withdrawn'), ('webhook_added', 'Webhook endpoint added'), ('webhook_events_changed', 'Webhook events changed'), ('webhook_switched_off', 'Webhook endpoint switched off'), ('webhook_switched_on', 'Webhook endpoint switched on'), ('webhook_secret_renewed', 'New webhook secret made'), ('webhook_secret_in_force', 'New webhook secret in force'), ('webhook_secret_shown', 'Webhook secret shown'), ('webhook_tested', 'Webhook endpoint tested'), ('webhook_replayed', 'Webhook deliveries replayed'), ('api_keys_switched', 'API-key authentication switched'), ('second_factor_set_up', 'Second factor set up'), ('recovery_codes_renewed', 'Recovery codes renewed'), ('recovery_code_used', 'Recovery code used'), ('sign_in_reset', 'Sign-in reset'), ('disclosures_accounted', 'Disclosures accounted for'), ('exported', 'Exported'), ('records_pruned', 'Records pruned'), ('user_added', 'User added'), ('user_changed', 'User changed'), ('user_deactivated', 'User deactivated'), ('user_activated', 'User activated'), ('roles_changed', 'Roles changed'), ('password_changed', 'Password changed'), ('group_added', 'Group added'), ('group_changed', 'Group changed'), ('signed_in', 'Signed in'), ('second_factor_proved', 'Second factor proved'), ('signed_out', 'Signed out'), ('sessions_ended', 'Sessions ended'), ('locked_out', 'Locked out'), ('page_refused', 'Page refused')], max_length=32),
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('generation', models.PositiveIntegerField(default=1, editable=False)),
                ('digest_key_number', models.PositiveSmallIntegerField(editable=False)),
                ('next_generation', models.PositiveIntegerField(editable=False, null=True)),
                ('next_digest_key_number', models.PositiveSmallIntegerField(editable=False, null=True)),
                ('next_starts_at', models.DateTimeField(editable=False, null=True)),
                ('public_id', partners.identifiers.PublicIdField(editable=False, prefix='whe')),
                ('url', models.CharField(max_length=500, validators=[partners.models.webhooks.endpoint.well_formed], verbose_name='URL')),
                ('events', models.JSONField(default=list)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('off_at', models.DateTimeField(editable=False, null=True)),
                ('off_why', models.CharField(blank=True, choices=[('staff', 'switched off by staff'), ('gone', 'it answered 410 Gone'), ('failing', 'every attempt failed for five days')], default='', editable=False, max_length=7)),
                ('failing_since', models.DateTimeField(editable=False, null=True)),
                ('told_failing_at', models.DateTimeField(editable=False, null=True)),
                ('told_off_at', models.DateTimeField(editable=False, null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhook_endpoints', to='partners.organization')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'ordering': ['-created_at', '-pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', partners.identifiers.PublicIdField(editable=False, prefix='evt')),
                ('type', models.CharField(choices=[('recording.transcript_ready', 'recording.transcript_ready'), ('webhook.endpoint_test', 'webhook.endpoint_test')], max_length=64)),
                ('api_version', models.CharField(default='2026-05-01', max_length=10)),
                ('encounter_id', models.CharField(blank=True, default='', max_length=32)),
                ('document_id', models.CharField(blank=True, default='', max_length=32)),
                ('occurred_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhook_events', to='partners.organization')),
            ],
            options={
                'verbose_name': 'webhook event',
                'ordering': ['-occurred_at', '-pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', partners.identifiers.PublicIdField(editable=False, prefix='whd')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('leased', 'sending'), ('delivered', 'delivered'), ('failed', 'failed'), ('dropped', 'not sent')], default='waiting', max_length=9)),
                ('why', models.CharField(blank=True, choices=[('endpoint_off', 'the endpoint is off'), ('not_allowlisted', 'the organization is not allowlisted'), ('route_off', 'the route that it points to is not enabled'), ('not_served', 'the data that it points to is not served any more')], default='', max_length=15)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease', models.CharField(blank=True, default='', max_length=22)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='partners.webhookendpoint')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='partners.webhookevent')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-created_at', '-pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('fault', models.CharField(blank=True, default='', max_length=32)),
                ('milliseconds', models.PositiveIntegerField()),
                ('delivery', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='history', to='partners.webhookdelivery')),
            ],
            options={
                'verbose_name': 'webhook attempt',
                'ordering': ['-at', '-pk'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['delivery', 'at'], name='webhook_attempt_of_delivery')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('fault', ''), ('status__isnull', False)), models.Q(('status', None), models.Q(('fault', ''), _negated=True)), _connector='OR'), name='webhook_attempt_status_or_fault')],
            },
        ),
        migrations.AddIndex(
            model_name='webhookendpoint',
            index=models.Index(condition=models.Q(('failing_since__isnull', False)), fields=['failing_since'], name='webhook_failing'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.UniqueConstraint(fields=('public_id',), name='webhook_endpoint_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.UniqueConstraint(condition=models.Q(('off_at', None)), fields=('organization', 'url'), name='webhook_endpoint_url_on_once'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('url__startswith', 'https://')), name='webhook_endpoint_is_https'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('off_at', None), ('off_why', '')), models.Q(('off_at__isnull', False), ('off_why__in', ['staff', 'gone', 'failing'])), _connector='OR'), name='webhook_endpoint_off_says_why'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_digest_key_number', None), ('next_generation', None), ('next_starts_at', None)), models.Q(('next_digest_key_number__isnull', False), ('next_generation__gt', models.F('generation'))), _connector='OR'), name='webhook_endpoint_next_secret_whole'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['occurred_at', 'id'], name='webhook_event_time'),
        ),
        migrations.AddConstraint(
            model_name='webhookevent',
            constraint=models.UniqueConstraint(fields=('public_id',), name='webhook_event_public_id_unique'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'leased'])), fields=['endpoint', 'next_attempt_at', 'id'], name='webhook_delivery_due'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['endpoint', 'created_at', 'id'], name='webhook_delivery_newest'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('public_id',), name='webhook_delivery_public_id_unique'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('event', 'endpoint'), name='webhook_delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'leased', 'delivered', 'failed', 'dropped'])), name='webhook_delivery_state_known'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('why', ''), models.Q(('state', 'dropped'), ('why__in', ['endpoint_off', 'not_allowlisted', 'route_off', 'not_served'])), _connector='OR'), name='webhook_delivery_dropped_says_why'),
        ),
    ]
