"""The Django app `signin`."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_save


class SigninConfig(AppConfig):
    """How staff sign in."""

    name = "partners.signin"
    label = "signin"
    verbose_name = "Signing in"

    def ready(self) -> None:
        """Register the system check and the receivers of sign-ins, lockouts and saved users."""
        from axes.models import AccessAttempt
        from axes.signals import user_locked_out
        from django.contrib.auth.models import User

        from partners.signin import checks  # noqa: F401
        from partners.signin.guards import lockout, sessions

        user_logged_in.connect(sessions.begin)
        post_save.connect(sessions.end_for_inactive, sender=User)
        user_logged_in.connect(lockout.forget_unless_code_follows)
        user_locked_out.connect(lockout.note)
        pre_save.connect(lockout.keep_nothing_typed, sender=AccessAttempt)
