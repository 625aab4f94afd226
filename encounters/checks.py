"""System checks of the settings for recordings and for a replica, each with an id and a hint."""

import inspect
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from encounters import replica
from encounters.recordings import storage as recordings

SHORTEST, LONGEST = 60, 3600
_SET_ALL = "Set CHARTERO_S3_BUCKET, CHARTERO_S3_ACCESS_KEY and CHARTERO_S3_SECRET_KEY, or none of them."


@register
def recordings_can_be_linked(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that links to recordings are valid for minutes only, and that the storage can sign such links."""
    if not SHORTEST <= settings.AUDIO_URL_SECONDS <= LONGEST:
        hint = f"Set CHARTERO_AUDIO_URL_SECONDS to a value from {SHORTEST} to {LONGEST}."
        message = f"Links to recordings must expire after {SHORTEST} to {LONGEST} seconds."
        return [Error(message, hint=hint, id="encounters.E001")]
    return list(_bucket_settings()) or _signing()


def _bucket_settings() -> Iterator[CheckMessage]:
    """Yield what is wrong with the settings of a bucket."""
    given = settings.S3
    keys = [given["access_key"], given["secret_key"]]
    if not given["bucket"]:
        if any((*keys, given["endpoint"])):
            yield Error(
                "Other S3 settings are set, but CHARTERO_S3_BUCKET is not.", hint=_SET_ALL, id="encounters.E006"
            )
        return
    if find_spec("botocore") is None:
        hint = (
            "Run pip install --require-hashes -r deploy/s3.txt. Where deploy/build built the deployment, run it again."
        )
        yield Error("CHARTERO_S3_BUCKET is set, but its package botocore is missing.", hint=hint, id="encounters.E005")
    if not all(keys):
        yield Error("CHARTERO_S3_BUCKET is set, but its keys are not.", hint=_SET_ALL, id="encounters.E006")
    if settings.RECORDINGS_STORAGE:
        message = "CHARTERO_S3_BUCKET and CHARTERO_RECORDINGS_STORAGE are both set."
        yield Error(message, hint="Unset the one you don't use.", id="encounters.E006")
    if settings.ENVIRONMENT == "production" and given["endpoint"].startswith("http:"):
        hint = "Write https:// in CHARTERO_S3_ENDPOINT."
        yield Error("Recordings of patients would travel without TLS.", hint=hint, id="encounters.E007")


def _signing() -> list[CheckMessage]:
    try:
        parameters = inspect.signature(recordings.storage().url).parameters
    except Exception:  # whatever its package raises, and the message may quote a secret from the options
        hint = (
            "Check CHARTERO_S3_REGION and CHARTERO_S3_ENDPOINT, or CHARTERO_RECORDINGS_STORAGE and "
            "CHARTERO_RECORDINGS_OPTIONS, and that the package of the storage is installed."
        )
        return [Error("The storage for recordings can't be created.", hint=hint, id="encounters.E002")]
    if "expire" not in parameters:
        hint = "Use a bucket of S3, or a storage whose url() accepts expire in seconds."
        return [Error("The storage for recordings can't sign links that expire.", hint=hint, id="encounters.E003")]
    return []


@register(deploy=True)
def bucket_can_be_used(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ask the store for an object that isn't there. Only `check --deploy` does: no start depends on a store."""
    if not settings.S3["bucket"] or any(_bucket_settings()):
        return []
    fault = recordings.storage().fault()
    if not fault:
        return []
    hint = (
        "Check the bucket, its region and endpoint, the clock of this machine, and that the keys may get, put, delete "
        "and list objects there."
    )
    return [Warning(f"The bucket of recordings can't be used: {fault}.", hint=hint, id="encounters.W008")]


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
