"""Read a request as a partner sends it to support: a request line, a URL, a curl command or a piece of code."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from django.core.exceptions import ValidationError

from partners.diagnosis import curl, snippets

_TARGET = (
    r"(?:(?P<scheme>https?)://(?P<host>[^/\s]+))?(?P<path>/external(?:/[^?#\s]*)?)(?:\?(?P<query>[^#\s]*))?(?:#\S*)?"
)
_REQUEST_LINE = re.compile(rf"(?P<method>[A-Za-z]+) +(?P<target>{_TARGET})(?: +HTTP/[0-9.]+)?")
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One call: method, decoded path and raw query string (RFC 9112, section 3), and what a command or code adds.

    `target` is the path or URL as it was written. `authorization` may contain a token and stays out of the `repr`.
    """

    method: str
    path: str
    query_string: str
    target: str
    host: str | None = None
    scheme: str | None = None
    authorization: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> "RequestLine":
        """Read a request in any of these forms; raise ValidationError if it has no `/external` path."""
        text = text.strip()
        call = curl.read(text) if curl.is_command(text) else snippets.find_call(text)
        if call is not None:
            return cls._of_line(f"{call.method} {call.url}", call.authorization)
        return cls._of_line(f"GET {text}" if _URL.fullmatch(text) else text)

    @classmethod
    def _of_line(cls, text: str, authorization: str | None = None) -> "RequestLine":
        match = _REQUEST_LINE.fullmatch(text)
        if match is None:
            raise ValidationError(
                "Enter the request as 'GET /external/v1/…' in one line, or a URL, a curl command or a piece of Python "
                "or JavaScript with such a path.",
                code="invalid_request_line",
            )
        return cls(
            match["method"].upper(),
            unquote(match["path"]),
            (match["query"] or "").encode().decode("latin-1"),  # the form in which a server passes on raw bytes
            match["target"],
            match["host"],
            match["scheme"],
            authorization,
        )
