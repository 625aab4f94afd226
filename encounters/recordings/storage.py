"""The storage for recordings, and the signed URLs, valid for minutes, that partners fetch them from.

It is the Django storage `recordings` in `STORAGES`: a bucket of S3 (`encounters.recordings.s3`), the local one below,
or another whose `url(name, expire=seconds)` signs URLs.
"""

from datetime import datetime, timedelta
from pathlib import PurePath
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


def lifetime(seconds: int) -> str:
    """Return how long a link works, in words: neither shorter nor longer than it does."""
    minutes, rest = divmod(seconds, 60)
    return f"{seconds} seconds" if rest else f"{minutes} minute{'' if minutes == 1 else 's'}"


def media_type(name: str) -> str:
    """Return the media type of a recording by the end of its name."""
    return MEDIA_TYPES.get(PurePath(name).suffix, "application/octet-stream")


def cause(fault: Exception) -> str:
    """Return the code by which a store refused, or else the kind of fault. The text of a fault may quote a secret."""
    response = getattr(fault, "response", None)
    code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    return f"{type(fault).__name__} {code}" if code.isalnum() else type(fault).__name__


def storage() -> Any:
    """Return the storage for recordings, untyped: Django's type does not know `expire`."""
    return storages[ALIAS]


def is_local() -> bool:
    """Return True if our own view serves the recordings, and looks again at each request whether it may."""
    return isinstance(storage(), LocalStorage)


def link(name: str, request: HttpRequest) -> tuple[str, datetime]:
    """Return an absolute URL of a recording, and when it expires: rounded down, so never later than it really does."""
    seconds = settings.AUDIO_URL_SECONDS
    expires_at = timezone.now().replace(microsecond=0) + timedelta(seconds=seconds)
    return urljoin(base_url(request), storage().url(name, expire=seconds)), expires_at


class LocalStorage(FileSystemStorage):
    """Files on this machine, served by our own view with signed URLs. For development and the demonstration."""

    def url(self, name: str | None, expire: int = 0) -> str:
        """Return the path of a recording, signed together with its expiry in seconds since the epoch."""
        ends = int(timezone.now().timestamp()) + expire
        return reverse("recording", args=[_signer().sign_object([name, ends])])


def signed_name(text: str) -> str | None:
    """Return the name of the recording from a signed path; None if the signature is not valid or has expired."""
    try:
        name, ends = _signer().unsign_object(text)
    except signing.BadSignature:
        return None
    return str(name) if timezone.now().timestamp() < ends else None


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
