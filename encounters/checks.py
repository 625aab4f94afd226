"""System checks of the settings for recordings and for a replica, each with an id and a hint."""

import inspect
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from encounters import replica
from encounters.recordings import storage as recordings

SHORTEST, LONGEST = 60, 3600


@register
def recordings_can_be_linked(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that links to recordings are valid for minutes only, and that the storage can sign such links."""
    if not SHORTEST <= settings.AUDIO_URL_SECONDS <= LONGEST:
        hint = f"Set CHARTERO_AUDIO_URL_SECONDS to a value from {SHORTEST} to {LONGEST}."
        message = f"Links to recordings must expire after {SHORTEST} to {LONGEST} seconds."
        return [Error(message, hint=hint, id="encounters.E001")]
    try:
        parameters = inspect.signature(recordings.storage().url).parameters
    except (ImproperlyConfigured, TypeError):  # its message may quote a secret from the options
        hint = (
            "Check CHARTERO_RECORDINGS_STORAGE and CHARTERO_RECORDINGS_OPTIONS, and that the package of the storage is "
            "installed."
        )
        return [Error("The storage for recordings can't be created.", hint=hint, id="encounters.E002")]
    if "expire" not in parameters:
        hint = "Use a storage whose url() accepts expire in seconds: S3 or Azure from django-storages, or your own."
        return [Error("The storage for recordings can't sign links that expire.", hint=hint, id="encounters.E003")]
    return []


@register(Tags.database)
def replica_follows(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Check that the replica of the settings is one. If it isn't, calls read from the primary."""
    fault = replica.fault() if databases and replica.ALIAS in connections.settings else ""
    if not fault:
        return []
    hint = "Set CHARTERO_REPLICA_URL to one streaming replica of the server in DATABASE_URL, or to nothing."
    return [Warning(f"Calls read nothing from the replica: {fault}.", hint=hint, id="encounters.W004")]
