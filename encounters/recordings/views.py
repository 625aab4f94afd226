"""The view that serves local recordings. The signed URL is enough: no key and no session is required."""

from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from encounters.models import Document
from encounters.recordings import storage as recordings
from encounters.recordings.ranges import ByteRange, asked_range

BLOCK = 64 * 1024


@require_safe
def recording(request: HttpRequest, signed: str) -> HttpResponseBase:
    """Send the recording, or the requested range of it."""
    # A link from before the recordings moved to another storage is not ours any more. That storage may be far away.
    name = recordings.signed_name(signed) if recordings.is_local() else None
    refused = "This link is not valid or has expired. Request a new one."
    answer = _refusal(403, refused) if name is None else _sent(request, name)
    answer["Cache-Control"] = "no-store"
    return answer


def _sent(request: HttpRequest, name: str) -> HttpResponseBase:
    storage = recordings.storage()
    try:
        size = storage.size(_served(name))
    except (FileNotFoundError, Document.DoesNotExist):
        return _refusal(404, "This recording no longer exists.")
    # An If-Range condition is never true, because no answer names a version of the file. So the whole file is sent.
    asked = None if "If-Range" in request.headers else asked_range(request.headers.get("Range", ""), size)
    if asked is not None and not asked.length:
        return _refusal(
            416, "The requested range is beyond the end of the recording.", {"Content-Range": f"bytes */{size}"}
        )
    part = asked or ByteRange(0, size)
    answer = StreamingHttpResponse(
        Part(storage.open(name), part),
        status=200 if asked is None else 206,
        content_type=recordings.media_type(name),
        headers={"Accept-Ranges": "bytes", "Content-Length": str(part.length)},
    )
    if asked is not None:
        answer["Content-Range"] = f"bytes {part.first}-{part.end - 1}/{size}"
    return answer


def _served(name: str) -> str:
    """Return the name. Raise DoesNotExist if no document with this recording is served any more."""
    if not Document.objects.served().filter(audio=name).exists():
        raise Document.DoesNotExist
    return name


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)


class Part:
    """A part of an open file, read in blocks. The server closes it after the response, even if it was not read."""

    def __init__(self, file: IO[bytes], part: ByteRange) -> None:
        self.file, self.part = file, part

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.first)
        left = self.part.length
        while left and (block := self.file.read(min(BLOCK, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        """Close the file. Django calls this at the end of the response."""
        self.file.close()
