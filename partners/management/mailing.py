"""What commands need to send e-mail: the settings, and errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from partners.formats import traces
from partners.review.mail import emails


def require_settings() -> None:
    """Raise ValidationError if e-mail is not configured."""
    given = {
        "EMAIL_URL": emails.has_server(),
        "CHARTERO_FROM_EMAIL": bool(settings.DEFAULT_FROM_EMAIL),
        "CHARTERO_STAFF_EMAIL": bool(settings.STAFF_EMAIL),
    }
    missing = [name for name, set_ in given.items() if not set_]
    if missing:
        raise ValidationError(f"Email is not configured. Set {', '.join(missing)}.", code="no_mail")


@contextmanager
def sending(*, again: bool = True) -> Iterator[None]:
    """Turn the failure of the mail server into a CommandError, without its words, which may quote an address.

    `again`: the next run of the command tries again.
    """
    try:
        yield
    except OSError as fault:
        next_run = " The next run tries again." if again else ""
        raise CommandError(
            f"The email could not be sent ({traces.kind(fault)}).{next_run} Check EMAIL_URL and the mail server."
        ) from None
