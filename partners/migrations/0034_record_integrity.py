from django.db import migrations, models


def keep_faults(apps, schema_editor):
    """Keep the one fault that earlier verifications noted."""
    verifications = apps.get_model("partners", "Verification").objects.using(schema_editor.connection.alias)
    for each in verifications.exclude(first_fault=""):
        each.first_faults = [{"kind": "", "words": each.first_fault, "number": each.faults}]
        each.save(update_fields=["first_faults"])


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0033_verification_from"),
    ]

    operations = [
        migrations.AddField(
            model_name="verification",
            name="first_faults",
            field=models.JSONField(
                default=list, verbose_name="the first fault of each kind: its kind, in words, and how many"
            ),
        ),
        migrations.RunPython(keep_faults, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name="verification",
            name="first_fault",
        ),
        migrations.AlterField(
            model_name="changeevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("organization_created", "Organization created"),
                    ("contact_changed", "Contact changed"),
                    ("purpose_changed", "Purpose changed"),
                    ("description_changed", "Description changed"),
                    ("commented", "Comment"),
                    ("access_changed", "Access changed"),
                    ("names_changed", "Names and dates of birth changed"),
                    ("organization_limit_changed", "Organization's limit changed"),
                    ("access_request_accepted", "Access request accepted"),
                    ("access_request_declined", "Access request declined"),
                    ("key_issued", "Key issued"),
                    ("key_rotated", "Key rotated"),
                    ("rotation_finished", "Rotation finished"),
                    ("key_disabled", "Key disabled"),
                    ("key_enabled", "Key enabled"),
                    ("key_revoked", "Key revoked"),
                    ("key_leaked", "Key reported as leaked"),
                    ("expiry_changed", "Expiry changed"),
                    ("scopes_changed", "Scopes changed"),
                    ("key_limit_changed", "Key's limit changed"),
                    ("networks_changed", "Networks changed"),
                    ("handover_prepared", "Hand-over prepared"),
                    ("handover_sent", "Link sent"),
                    ("handover_not_sent", "Link not sent"),
                    ("handover_opened", "Link opened"),
                    ("handover_refused", "Collection refused"),
                    ("handover_collected", "Key collected"),
                    ("handover_locked", "Link locked"),
                    ("handover_reused", "Link used after collection"),
                    ("handover_withdrawn", "Link withdrawn"),
                    ("webhook_added", "Webhook endpoint added"),
                    ("webhook_switched_off", "Webhook endpoint switched off"),
                    ("webhook_switched_on", "Webhook endpoint switched on"),
                    ("webhook_secret_renewed", "New webhook secret made"),
                    ("webhook_secret_in_force", "New webhook secret in force"),
                    ("webhook_secret_shown", "Webhook secret shown"),
                    ("webhook_tested", "Webhook endpoint tested"),
                    ("webhook_replayed", "Webhook deliveries replayed"),
                    ("approval_requested", "Approval requested"),
                    ("approved", "Approved"),
                    ("approval_declined", "Approval declined"),
                    ("approval_withdrawn", "Request for approval withdrawn"),
                    ("api_keys_switched", "API-key authentication switched"),
                    ("second_factor_set_up", "Second factor set up"),
                    ("recovery_codes_renewed", "Recovery codes renewed"),
                    ("recovery_code_used", "Recovery code used"),
                    ("sign_in_reset", "Sign-in reset"),
                    ("record_restricted", "Record restricted"),
                    ("restriction_lifted", "Restriction lifted"),
                    ("disclosures_accounted", "Disclosures accounted for"),
                    ("exported", "Exported"),
                    ("checkpoint_sent", "Checkpoint sent"),
                    ("access_reviewed", "Access reviewed"),
                    ("staff_activity_shown", "Staff activity shown"),
                    ("records_pruned", "Records pruned"),
                    ("user_added", "User added"),
                    ("user_changed", "User changed"),
                    ("user_deactivated", "User deactivated"),
                    ("user_activated", "User activated"),
                    ("roles_changed", "Roles changed"),
                    ("password_changed", "Password changed"),
                    ("group_added", "Group added"),
                    ("group_changed", "Group changed"),
                    ("signed_in", "Signed in"),
                    ("second_factor_proved", "Second factor proved"),
                    ("signed_out", "Signed out"),
                    ("sessions_ended", "Sessions ended"),
                    ("locked_out", "Locked out"),
                    ("page_refused", "Page refused"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddIndex(
            model_name="seal",
            index=models.Index(fields=["table", "count"], name="seal_counts"),
        ),
    ]
