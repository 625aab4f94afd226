"""Configuration faults of recordings that keep chartero from starting, each with an id and what to do."""

import inspect
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from encounters.recordings import storage as recordings

SHORTEST, LONGEST = 60, 3600


@register
def recordings_can_be_linked(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the links to recordings live for minutes, and that the storage can sign such."""
    if not SHORTEST <= settings.AUDIO_URL_SECONDS <= LONGEST:
        hint = f"Set CHARTERO_AUDIO_URL_SECONDS to {SHORTEST} to {LONGEST}."
        return [Error("A link to a recording must live for minutes.", hint=hint, id="encounters.E001")]
    try:
        parameters = inspect.signature(recordings.storage().url).parameters
    except (ImproperlyConfigured, TypeError):  # their own words may quote a secret among the options
        hint = "Check CHARTERO_RECORDINGS_STORAGE and CHARTERO_RECORDINGS_OPTIONS, and that its package is installed."
        return [Error("The storage of recordings cannot be made.", hint=hint, id="encounters.E002")]
    if "expire" not in parameters:
        hint = "Name one whose url() takes expire, in seconds: of S3 or Azure in django-storages, or one of your own."
        return [Error("The storage of recordings cannot sign links that end.", hint=hint, id="encounters.E003")]
    return []
