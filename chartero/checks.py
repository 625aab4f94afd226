"""System checks of a deployment. Each message has an id and says what to do."""

import re
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connections
from django.http.request import split_domain_port, validate_host

from chartero.deployment import collectors
from chartero.postgresql import pooling
from chartero.postgresql.base import DatabaseWrapper

ENVIRONMENTS = ("development", "sandbox", "production")
MINIMUM_SECRET = 50
MINIMUM_TOKEN = 32
MANIFEST = "staticfiles.json"  # collectstatic writes this file last
# No scheme, port or path: Django compares only the name. A leading dot matches all subdomains.
_HOST = re.compile(r"\*|\.?[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")

_TOKEN = re.compile(r"[0-9A-Za-z._~+/-]+=*")  # RFC 6750, 2.1


@register(Tags.security)
def deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no default is left outside development, and that production is not open to everyone."""
    if settings.ENVIRONMENT not in ENVIRONMENTS:
        return [Error(f"CHARTERO_ENVIRONMENT must be one of {', '.join(ENVIRONMENTS)}.", id="chartero.E001")]
    if settings.DEVELOPMENT:
        return []
    return [*_secret_key(), *_hosts(), *(_production() if settings.ENVIRONMENT == "production" else [])]


@register(Tags.staticfiles)
def static_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that a web process finds its static files, which must be collected outside development."""
    if not settings.WEB_PROCESS or collected():
        return []
    hint = "Run manage.py collectstatic --no-input before you start the server."
    return [Error("The static files have not been collected.", hint=hint, id="chartero.E010")]


def collected() -> bool:
    """Return True if the static files have been collected, or don't need to be."""
    return settings.STATIC_ROOT is None or (Path(settings.STATIC_ROOT) / MANIFEST).exists()


@register(Tags.security)
def mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the configured e-mail addresses are valid."""
    given = [each for each in (settings.DEFAULT_FROM_EMAIL, *settings.STAFF_EMAIL) if each]
    if all(map(_is_address, given)):
        return []
    hint = "Write name@example.com or Name <name@example.com>. Separate several addresses with commas."
    message = "CHARTERO_FROM_EMAIL or CHARTERO_STAFF_EMAIL contains an invalid e-mail address."
    return [Error(message, hint=hint, id="chartero.E008")]


@register(Tags.security)
def contact(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the contact address on the public pages is a plain e-mail address."""
    address = settings.CONTACT_EMAIL
    if not address or (parseaddr(address)[1] == address and _is_address(address)):
        return []
    hint = "Write name@example.com, or unset it."
    return [Error("CHARTERO_CONTACT_EMAIL is not a valid e-mail address.", hint=hint, id="chartero.E020")]


@register(Tags.database)
def pooler(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that CHARTERO_POOLER fits what is in front of PostgreSQL."""
    found = [
        each
        for using in databases or ()
        if isinstance(connection := connections[using], DatabaseWrapper)
        for each in pooling.misfits(connection, web_process=settings.WEB_PROCESS)
    ]
    return [(Error if each.is_error else Warning)(each.what, hint=each.hint, id=each.id) for each in found]


@register(Tags.security)
def metrics(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that nobody can guess the token of the metrics, and that a header can hold it."""
    token = settings.METRICS_TOKEN
    if not token or (len(token) >= MINIMUM_TOKEN and len(set(token)) >= 10 and _TOKEN.fullmatch(token)):
        return []
    hint = f"Set it to at least {MINIMUM_TOKEN} random letters and digits, for example of openssl rand -hex 32."
    return [Error("CHARTERO_METRICS_TOKEN is too short, or no bearer token.", hint=hint, id="chartero.E021")]


@register(Tags.security)
def traces(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that traces can be sent to their collector, and that only a proxy can say to which trace a call belongs."""
    return list(_traces()) if settings.OTLP_ENDPOINT else []


def _traces() -> Iterator[CheckMessage]:
    if not collectors.is_installed():
        hint = (
            "Run pip install --require-hashes -r deploy/otel.txt. Where deploy/build built the deployment, run it "
            "again."
        )
        message = "CHARTERO_OTLP_ENDPOINT is set, but its package opentelemetry-proto is missing."
        yield Error(message, hint=hint, id="chartero.E022")
    if collectors.is_exposed(settings.OTLP_ENDPOINT):
        hint = "Write https://, or send them to a collector on this machine or at a private address."
        yield Error("CHARTERO_OTLP_ENDPOINT uses plain http to a public address.", hint=hint, id="chartero.E023")
    if not collectors.are_headers(settings.OTLP_HEADERS):
        hint = 'Write {"name": "value", …} in printable ASCII, without the headers that HTTP itself sets.'
        yield Error("CHARTERO_OTLP_HEADERS contains what can't be a header.", hint=hint, id="chartero.E024")
    if settings.OTLP_TRACEPARENT and not settings.BEHIND_PROXY:
        hint = "Set CHARTERO_BEHIND_PROXY=1, or unset it."
        message = "CHARTERO_OTLP_TRACEPARENT has no effect without a proxy."
        yield Warning(message, hint=hint, id="chartero.W025")


@register(Tags.security)
def proxy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the settings for the proxy and the base URL agree. Otherwise sign-in or the API would not work."""
    if settings.DEVELOPMENT:
        return []
    return [*_proxy(), *(_base_url() if settings.BASE_URL else [])]


def _proxy() -> list[CheckMessage]:
    if settings.BEHIND_PROXY or not (settings.REQUIRE_HTTPS or settings.BASE_URL.startswith("https:")):
        return []
    hint = (
        "Behind a proxy with TLS, set CHARTERO_BEHIND_PROXY=1 and make the proxy set X-Forwarded-For and "
        "X-Forwarded-Proto. If https is handled elsewhere without these headers, set CHARTERO_REQUIRE_HTTPS=0."
    )
    message = "CHARTERO_BEHIND_PROXY is not set: requests from a proxy look like plain http from its address."
    return [Warning(message, hint=hint, id="chartero.W009")]


def _base_url() -> list[CheckMessage]:
    url = urlsplit(settings.BASE_URL)
    faults: list[CheckMessage] = []
    if url.scheme == "http" and settings.REQUIRE_HTTPS:
        hint = "Use https://, or set CHARTERO_REQUIRE_HTTPS=0."
        faults.append(Error("CHARTERO_BASE_URL uses plain http, which is refused.", hint=hint, id="chartero.E011"))
    if not validate_host(split_domain_port(url.netloc.lower())[0], settings.ALLOWED_HOSTS):
        hint = "Add its host to CHARTERO_ALLOWED_HOSTS, unless the proxy changes the Host header."
        faults.append(Warning("The host of CHARTERO_BASE_URL is not allowed.", hint=hint, id="chartero.W012"))
    return faults


def _is_address(text: str) -> bool:
    try:
        validate_email(parseaddr(text)[1])
    except ValidationError:
        return False
    return text.isprintable()


def _secret_key() -> list[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) < MINIMUM_SECRET or len(set(key)) < 10 or key.startswith("django-insecure-"):
        hint = f"Set CHARTERO_SECRET_KEY to at least {MINIMUM_SECRET} random characters."
        return [Error("The secret key is missing, too short or a default.", hint=hint, id="chartero.E002")]
    return []


def _hosts() -> list[CheckMessage]:
    hint = "Set CHARTERO_ALLOWED_HOSTS=api.example.com,… to names only, without a scheme, port or path."
    if not settings.ALLOWED_HOSTS:
        return [Error("No hosts are allowed.", hint=hint, id="chartero.E003")]
    if all(map(_HOST.fullmatch, settings.ALLOWED_HOSTS)):
        return []
    return [Error("CHARTERO_ALLOWED_HOSTS contains an invalid host name.", hint=hint, id="chartero.E003")]


def _production() -> list[CheckMessage]:
    faults: list[CheckMessage] = []
    if settings.DEBUG:
        faults.append(Error("DEBUG is on in production.", hint="Unset CHARTERO_DEBUG.", id="chartero.E004"))
    if settings.ACCEPT_TEST_KEYS:
        hint = "Unset CHARTERO_ACCEPT_TEST_KEYS. A test key can read the same data as a live key."
        faults.append(Error("Test keys are accepted in production.", hint=hint, id="chartero.E005"))
    if not (settings.DIGEST_KEYS or "").strip(" ,"):
        hint = "Set CHARTERO_DIGEST_KEYS=1:<base64 of 32 random bytes>."
        faults.append(Error("No digest key is set, so no API key can be verified.", hint=hint, id="chartero.E006"))
    if "*" in settings.ALLOWED_HOSTS:
        faults.append(Error("All hosts are allowed in production.", hint="List the hosts.", id="chartero.E007"))
    return faults
