"""Read the call that a piece of Python or JavaScript makes: its method, its URL and its Authorization header.

Only what stands in the code as text is read. A part that the code fills in while it runs is unknown.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

_TEXT = r"(?P<quote>[\"'`])(?P<text>(?:(?!(?P=quote))[^\\\n]|\\.)*)(?P=quote)"
_URL = re.compile(_TEXT.replace("(?P<text>", "(?P<text>(?=[^\"'`\\n]*/external)"))
_METHOD = re.compile(r"\bmethod\s*[=:]\s*[\"'`](?P<named>[A-Za-z]+)|\.(?P<called>get|head|post|put|patch|delete)\s*\(")
_PARAMS = re.compile(r"\bparams\s*[=:]\s*\{(?P<pairs>[^{}]*)\}")
_PAIR = re.compile(r"(?<!\w)(?P<name>\w+)[\"'`]?\s*:\s*(?:[\"'`](?P<text>[^\"'`\n]*)[\"'`]|(?P<number>-?[\w.]+))")
_AUTHORIZATION = re.compile(
    r"[\"'`]?authorization[\"'`]?\s*[:,=]\s*[\"'`](?P<value>[^\"'`\n${}]*)[\"'`](?!\s*\+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """The call that a piece of code makes. `authorization` may contain a token and stays out of the `repr`."""

    method: str
    url: str
    authorization: str | None = field(repr=False)


def find_call(text: str) -> Snippet | None:
    """Return the first call in a piece of code; None if the text is no code or has no `/external` path."""
    url = _URL.search(text)
    if url is None:
        return None
    header = _AUTHORIZATION.search(text)
    return Snippet(_method(text), _with_params(_as_known(url["text"]), text), header and header["value"])


def _as_known(url: str) -> str:
    """Return the URL without its host if the code fills that in, as in `${base}/external`."""
    host, slash, path = url.partition("/external")
    return f"{slash}{path}" if "{" in host else url


def _method(text: str) -> str:
    match = _METHOD.search(text)
    return "GET" if match is None else (match["named"] or match["called"]).upper()


def _with_params(url: str, text: str) -> str:
    """Return the URL with the query that the code gives apart from it."""
    match = _PARAMS.search(text)
    if match is None:
        return url
    pairs = [(pair["name"], pair["number"] or pair["text"]) for pair in _PAIR.finditer(match["pairs"])]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url
