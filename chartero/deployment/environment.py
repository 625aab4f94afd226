"""The environment of a deployment, read strictly: an unreadable value stops the start with a helpful error.

The error names the variable and says how to write it. It never quotes the value, which may contain a password.
"""

import contextlib
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
PORTS = range(1, 2**16)
DATABASES = ("sqlite", "postgres", "postgresql")
SQLITE_OPTIONS = {"timeout", "transaction_mode", "init_command"}
LONGEST_TIMEOUT = 3600.0  # seconds
MAIL_SERVERS = ("smtp", "smtps", "smtp+tls", "smtp+ssl")
MAIL_ELSEWHERE = ("consolemail", "dummymail", "filemail", "memorymail")
_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]*[0-9A-Za-z])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_PATH = re.compile(r"[!-~]*")
_PORT_ZERO = re.compile(r":0+(?=[,/?]|$)")

ENCODE = "In the user name and the password, percent-encode every character except letters, digits, - . _ and ~."
WRITE_DATABASE = (
    "Write sqlite:////path/to/file, with the options timeout (in seconds), transaction_mode and init_command if you "
    f"need them, or postgres://user:password@host:5432/name. {ENCODE}"
)
WRITE_MAIL = f"Write smtp+tls://user:password@host:587, smtp+ssl://user:password@host:465 or smtp://host:25. {ENCODE}"
WRITE_ENDPOINT = (
    "Write https://collector.example.com:4318, with a path if it has one, and without a user, a query or a fragment."
)
WRITE_BASE_URL = "Write https://api.example.com, with a port if needed, and nothing after it."


class UnreadableSetting(ImproperlyConfigured):
    """A variable whose value can't be read. The message names it, says how to write it, and quotes nothing."""

    def __init__(self, name: str, how: str) -> None:
        super().__init__(f"The setting {name} can't be read. {how}")


@contextlib.contextmanager
def exit_if_unreadable() -> Iterator[None]:
    """Exit with the message of an UnreadableSetting, without a traceback."""
    try:
        yield
    except UnreadableSetting as fault:
        raise SystemExit(str(fault)) from None


class Environment:
    """Variables by name, each read as its type; UnreadableSetting if that fails."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self._values = values

    def text(self, name: str, default: str) -> str:
        return self._values.get(name, default)

    def words(self, name: str, default: Sequence[str] = ()) -> list[str]:
        """Return the words between the commas, without spaces around them."""
        given = self._values.get(name)
        return list(default) if given is None else [word.strip() for word in given.split(",") if word.strip()]

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean, written as 1 or 0, on or off, yes or no, true or false."""
        given = self._values.get(name, "").strip().lower()
        if given and given not in WORDS:
            raise UnreadableSetting(name, "Write 1 or 0.")
        return WORDS.get(given, default)

    def number(self, name: str, default: int, least: int = 0, most: int = 100_000) -> int:
        """Return a whole number from `least` to `most`, written in ASCII digits."""
        given = self._values.get(name, "").strip() or str(default)
        if not re.fullmatch(r"[0-9]{1,9}", given) or not least <= int(given) <= most:
            raise UnreadableSetting(name, f"Write a whole number from {least} to {most}.")
        return int(given)

    def ports(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """Return the ports between the commas."""
        given = self.words(name)
        if not all(re.fullmatch(r"[1-9][0-9]{0,4}", word) and int(word) in PORTS for word in given):
            raise UnreadableSetting(name, "Write ports from 1 to 65535, separated by commas.")
        return tuple(map(int, given)) or tuple(default)

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return the networks between the commas."""
        try:
            return tuple(map(ip_network, self.words(name)))
        except ValueError:
            how = "Write networks such as 10.20.0.0/16 or fd00:20::/48, separated by commas."
            raise UnreadableSetting(name, how) from None

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Return one of the words to choose from."""
        given = self._values.get(name, "").strip() or default
        if given not in choices:
            raise UnreadableSetting(name, f"Write {', '.join(choices[:-1])} or {choices[-1]}.")
        return given

    def name(self, name: str, default: str) -> str:
        """Return a name of small letters, digits, dots and hyphens, as buckets and regions have."""
        given = self._values.get(name, "").strip() or default
        if not re.fullmatch(r"(?:[0-9a-z](?:[0-9a-z.-]{0,61}[0-9a-z])?)?", given):
            raise UnreadableSetting(name, "Write small letters, digits, dots and hyphens, at most 63.")
        return given

    def options(
        self, name: str, default: dict[str, Any], example: str = '{"bucket_name": "recordings"}'
    ) -> dict[str, Any]:
        """Return a JSON object."""
        given = self._values.get(name, "").strip()
        read = _json(given) if given else default
        if not isinstance(read, dict):
            raise UnreadableSetting(name, f"Write a JSON object, such as {example}.")
        return read

    def base_url(self, name: str) -> str:
        """Return the scheme, host and port of a site, or an empty text if there is none."""
        given = self._values.get(name, "").strip().removesuffix("/")
        url = _split(name, given, WRITE_BASE_URL)
        if given and (url.scheme not in ("http", "https") or not url.hostname or given != _site(url)):
            raise UnreadableSetting(name, WRITE_BASE_URL)
        return given

    def endpoint(self, name: str) -> str:
        """Return the scheme, host, port and path of a service, or an empty text if there is none."""
        given = self._values.get(name, "").strip().rstrip("/")
        url = _split(name, given, WRITE_ENDPOINT)
        is_sound = url.scheme in ("http", "https") and _HOST.fullmatch(url.hostname or "")
        if given and not (is_sound and _PATH.fullmatch(url.path) and given == _site(url) + url.path):
            raise UnreadableSetting(name, WRITE_ENDPOINT)
        return given

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Return Django's description of the database behind a URL."""
        given = self._values.get(name) or default
        described = _parsed(_database, name, given, WRITE_DATABASE)
        if given.partition("://")[0] not in DATABASES or _PORT_ZERO.search(given) or not _is_sound(described):
            raise UnreadableSetting(name, WRITE_DATABASE)
        return described

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """Return Django's settings of e-mail behind a URL."""
        given = self._values.get(name) or default
        url = _split(name, given, WRITE_MAIL)
        server = url.scheme in MAIL_SERVERS and url.path in ("", "/") and _HOST.fullmatch(url.hostname or "")
        if url.fragment or "@" in url.query or not (server or url.scheme in MAIL_ELSEWHERE):
            raise UnreadableSetting(name, WRITE_MAIL)
        return _parsed(environ.Env.email_url_config, name, given, WRITE_MAIL)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _split(name: str, text: str, how: str) -> SplitResult:
    """Return the parts of a URL; UnreadableSetting if its port is not valid."""
    try:
        url = urlsplit(text)
        if url.port is None or url.port in PORTS:
            return url
    except ValueError:
        pass
    raise UnreadableSetting(name, how)


def _site(url: SplitResult) -> str:
    """Return a URL without user, path, query and fragment."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


def _database(url: str) -> dict[str, Any]:
    """Return Django's description of the database behind a URL. Raise ValueError if it can't be read."""
    database: dict[str, Any] = environ.Env.db_url_config(url)
    return _with_timeout(database) if "sqlite" in database["ENGINE"] else _with_folder(database)


def _with_timeout(database: dict[str, Any]) -> dict[str, Any]:
    """Return a database of SQLite whose timeout is a number. Raise ValueError for what is none, and other options."""
    options = database.get("OPTIONS", {})
    timeout = float(options.get("timeout", 0))
    if not (options.keys() <= SQLITE_OPTIONS and 0 <= timeout <= LONGEST_TIMEOUT):
        raise ValueError
    return database | {"OPTIONS": options | {"timeout": timeout}} if "timeout" in options else database


def _with_folder(database: dict[str, Any]) -> dict[str, Any]:
    """Return a database with the folder of a Unix socket decoded, as libpq writes it (PostgreSQL manual, 34.1.1.2)."""
    host = database.get("HOST", "")
    is_folder = host.upper().startswith("%2F")
    return database | {"HOST": unquote(host, errors="strict")} if is_folder else database


def _is_sound(database: dict[str, Any]) -> bool:
    """Return True if a database has a name, and valid hosts, the folder of a Unix socket, or the default host.

    If a password contains a character that ends the host part of a URL, a piece of it ends up in the name.
    """
    name, host = database["NAME"], database.get("HOST", "")
    named = bool(name) and "@" not in name and (name + host).isprintable()
    return named and all(each.startswith("/") or _HOST.fullmatch(each) for each in filter(None, host.split(",")))


def _parsed(parse: Callable[[str], Any], name: str, text: str, how: str) -> dict[str, Any]:
    """Return the result of `parse`. Its errors and warnings may quote a password, so they are dropped."""
    try:
        with warnings.catch_warnings(action="error"):
            return dict(parse(text))
    except (ValueError, LookupError, ImproperlyConfigured, Warning):
        raise UnreadableSetting(name, how) from None
