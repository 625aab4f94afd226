"""Read the method, the URL and the Authorization header from a curl command."""

import re
import shlex
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from typing import NoReturn

from django.core.exceptions import ValidationError

_COMMAND = re.compile(r"curl(?:\.exe)?\s", re.IGNORECASE)
_CONTINUED = re.compile(r"\\\r?\n")
LONGEST, MOST_WORDS = 20_000, 500  # the parser's work grows with the square of the number of words
_FLAGS = ("-s", "-S", "-v", "-i", "-k", "-L", "-f", "-g", "-#")


@dataclass(frozen=True, slots=True)
class CurlCommand:
    """The call that a curl command makes. `authorization` may contain a token and stays out of the `repr`."""

    method: str
    url: str
    authorization: str | None = field(repr=False)


class _Options(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse the command without quoting it, because it may contain a token."""
        raise ValidationError("The curl command has an option without a value.", code="invalid_curl")


def is_command(text: str) -> bool:
    """Return True if `text` is a curl command."""
    return _COMMAND.match(text) is not None


def read(text: str) -> CurlCommand:
    """Read a curl command; raise ValidationError for an unclosed quote, a missing value, or one that is too long."""
    words = _words(text)
    options, rest = _options().parse_known_args(words[1:])
    url = options.url or next((word for word in rest if "/external" in word), "")
    return CurlCommand(_method(options), url if "://" in url else f"http://{url}", _authorization(options.header))


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(_CONTINUED.sub(" ", text[: LONGEST + 1]))
    except ValueError:
        raise ValidationError("The curl command has an unclosed quote.", code="invalid_curl") from None
    if len(text) > LONGEST or len(words) > MOST_WORDS:
        raise ValidationError("The curl command is too long. Remove what the call doesn't need.", code="too_long")
    return words


def _options() -> _Options:
    options = _Options(add_help=False, allow_abbrev=False)
    options.add_argument("-X", "--request")
    options.add_argument("-H", "--header", action="append", default=[])
    options.add_argument("-I", "--head", action="store_true")
    options.add_argument("-G", "--get", action="store_true")
    options.add_argument("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", action="append")
    options.add_argument("--url", default="")
    options.add_argument(*_FLAGS, action="store_true", dest="flags")
    return options


def _method(options: Namespace) -> str:
    if options.request:
        return str(options.request)
    if options.head:
        return "HEAD"
    return "POST" if options.data and not options.get else "GET"


def _authorization(headers: list[str]) -> str | None:
    """Return the value of the Authorization header. Several are joined as a server joins them."""
    pairs = [header.partition(":") for header in headers]
    values = [value.strip() for name, _, value in pairs if name.strip().lower() == "authorization"]
    return ",".join(values) if values else None
