"""A recording for the demonstration: a tone of a few seconds, without speech."""

import io
import math
import wave

from django.core.files.base import ContentFile

from encounters.recordings.storage import storage
from partners.models import Organization

SECONDS, RATE, HERTZ = 3, 8_000, 440


def keep(organization: Organization) -> str:
    """Store the tone as a recording, once for each organization, and return its name."""
    name = f"{organization.public_id}/tone.wav"
    return name if storage().exists(name) else str(storage().save(name, ContentFile(sound())))


def sound() -> bytes:
    """Return the tone as a WAV file: one channel of unsigned 8-bit samples."""
    samples = bytes(128 + round(50 * math.sin(2 * math.pi * HERTZ * n / RATE)) for n in range(SECONDS * RATE))
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(1)
        opened.setframerate(RATE)
        opened.writeframes(samples)
    return file.getvalue()
