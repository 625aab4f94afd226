"""Recordings: the storage in which they lie, and the signed URL, good for minutes, by which one is fetched.

The storage is Django's, named `recordings` in `STORAGES`: any whose `url(name, expire=seconds)` signs, as those of
django-storages for S3 and Azure do, or the local one below.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.core.files.storage import FileSystemStorage, storages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from partners.api.base_url import base_url

ALIAS = "recordings"
SALT = "encounters.recordings"
MEDIA_TYPES = {
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}


def storage() -> Any:
    """Return the storage of recordings; Django's own type knows no `expire`."""
    return storages[ALIAS]


def link(name: str, request: HttpRequest) -> tuple[str, datetime]:
    """Return an absolute URL of a recording, and until when it works: never longer than it does."""
    seconds = settings.AUDIO_URL_SECONDS
    expires_at = timezone.now().replace(microsecond=0) + timedelta(seconds=seconds)
    return urljoin(base_url(request), storage().url(name, expire=seconds)), expires_at


class LocalStorage(FileSystemStorage):
    """Files of this machine, each fetched from our own signed view: for development, and for the demonstration."""

    def url(self, name: str | None, expire: int = 0) -> str:
        """Return the path of a recording, signed with the second in which it ends."""
        ends = int(timezone.now().timestamp()) + expire
        return reverse("recording", args=[_signer().sign_object([name, ends])])


def signed_name(text: str) -> str | None:
    """Return the name of the recording that a signed path means; None where it is not ours, or no longer valid."""
    try:
        name, ends = _signer().unsign_object(text)
    except signing.BadSignature:
        return None
    return str(name) if timezone.now().timestamp() < ends else None


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
