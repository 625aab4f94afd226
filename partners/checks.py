"""System checks of the configuration and the database, each with an id and a hint on how to fix it."""

import base64
import ssl
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from partners.catalogue import routes
from partners.keys import digests, seal_keys
from partners.leaks import signatures
from partners.partitions import present
from partners.record.retention import SHORTEST
from partners.triggers import comparing, times

MINIMUM_DIFFERENT, MOST_NAMED = 10, 20


@register(Tags.security)
def digest_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the digest keys can be parsed, and that they are random and unlike any other secret."""
    try:
        keys = list(digests.loaded().values())
    except digests.InvalidDigestKeys as fault:
        hint = "Write 1:<base64 of 32 bytes>,2:<…>."
        return [Error(f"CHARTERO_DIGEST_KEYS: {fault}.", hint=hint, id="partners.E001")]
    if settings.ACTIVE_DIGEST_KEY and settings.ACTIVE_DIGEST_KEY not in digests.loaded():
        hint = "Add this number to CHARTERO_DIGEST_KEYS, or unset CHARTERO_ACTIVE_DIGEST_KEY."
        message = f"CHARTERO_ACTIVE_DIGEST_KEY: digest key {settings.ACTIVE_DIGEST_KEY} is not loaded."
        return [Error(message, hint=hint, id="partners.E007")]
    if any(len(set(key)) < MINIMUM_DIFFERENT for key in keys):
        return [Error("A digest key is not random.", hint="Generate one: openssl rand -base64 32.", id="partners.E004")]
    secrets = [*keys, settings.SECRET_KEY.encode(), *_decoded(settings.SECRET_KEY), *_of_seals()]
    if len(set(secrets)) < len(secrets):
        return [Error("Two secrets are equal.", hint="Generate a new random value for each.", id="partners.E002")]
    return []


def _decoded(text: str) -> list[bytes]:
    """Return the decoded form of a base64 text: a secret copied to two variables may be equal in that form only."""
    try:
        return [base64.b64decode(text, validate=True)]
    except ValueError:
        return []


def _of_seals() -> list[bytes]:
    """Return the private keys of seals that are in the settings; none if they can't be read: `sealing_keys` says so."""
    try:
        return [key.private_bytes_raw() for key in seal_keys.in_settings().values()]
    except seal_keys.InvalidSealKeys:
        return []


@register(Tags.security)
def sealing_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the seal keys in the settings can be parsed. A file of them is left to what seals."""
    try:
        seal_keys.public_in_settings()
    except seal_keys.InvalidSealKeys as fault:
        hint = "Write 1:<base64 of 32 bytes>,2:<…>. manage.py seal_keys prints the public keys."
        return [Error(f"{fault}.", hint=hint, id="partners.E022")]
    return []


@register(Tags.security)
def scanning_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the public keys of secret scanning can be parsed."""
    try:
        signatures.loaded()
    except signatures.InvalidScanningKeys as fault:
        hint = "Write <identifier>:<base64>,<identifier>:<base64>. docs/operation.md has the command."
        return [Error(f"CHARTERO_SECRET_SCANNING_KEYS: {fault}.", hint=hint, id="partners.E021")]
    return []


@register(Tags.security)
def webhook_authorities(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the certificate authorities of webhook endpoints can be read."""
    try:
        ssl.create_default_context(cafile=settings.WEBHOOK_CA_FILE or None)
    except OSError:
        hint = "Name a file of certificates in PEM form that this user can read, or unset it."
        message = "CHARTERO_WEBHOOK_CA_FILE: its certificates can't be read."
        return [Error(message, hint=hint, id="partners.E030")]
    return []


@register()
def retention_long_enough(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that records are kept for as long as the law requires."""
    if settings.RETENTION_YEARS < SHORTEST:
        hint = "Unset CHARTERO_RETENTION_YEARS, or set a higher number."
        return [Error(f"Records must be kept for {SHORTEST} years or more.", hint=hint, id="partners.E006")]
    return []


@register(Tags.database)
def scopes_mirror_catalogue(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the rows of scopes match the catalogue in code."""
    from partners.models import Scope

    for using in databases or ():
        if Scope._meta.db_table not in connections[using].introspection.table_names():
            continue
        rows = dict(Scope.objects.using(using).values_list("name", "description"))
        if any(rows.get(scope.value) != scope.description for scope in routes.Scope):
            return [Error("The scopes differ from the catalogue.", hint="Run manage.py migrate.", id="partners.E003")]
    return []


@register(Tags.database)
def triggers_as_defined(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the database has the triggers that this code defines, unaltered, and nothing that passes them by."""
    hint = "Find out who changed this. Run manage.py migrate to restore what is ours, and undo the rest."
    return [
        Error(f"The rules of the database are not as they must be. {fault}.", hint=hint, id="partners.E040")
        for using in databases or ()
        for fault in comparing.faults(connections[using])
    ]


@register(Tags.database, deploy=True)
def owner_apart(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the role of the web service is not the owner of the tables, who can remove triggers."""
    from partners.models import privileges

    hint = "Give the web service a role of its own, as docs/operation.md describes. manage.py grants prints the SQL."
    message = "The role of DATABASE_URL owns the tables, so it can alter the record and remove triggers."
    return [
        Warning(message, hint=hint, id="partners.W041")
        for using in databases or ()
        if connections[using].vendor == "postgresql" and privileges.owns(connections[using])
    ]


@register(Tags.database)
def privileges_as_needed(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that a role that doesn't own the tables may do what the web service does, and no more."""
    from partners.models import privileges

    hint = "As the owner of the tables, run what manage.py grants prints."
    faults: list[CheckMessage] = []
    for using in databases or ():
        if connections[using].vendor != "postgresql" or privileges.owns(connections[using]):
            continue
        lacking, excess = privileges.differing(connections[using])
        if lacking:
            faults.append(Error(f"The role of DATABASE_URL lacks {_some(lacking)}.", hint=hint, id="partners.E042"))
        if excess:
            message = f"The role of DATABASE_URL has more than it needs: {_some(excess)}."
            faults.append(Warning(message, hint=hint, id="partners.W043"))
    return faults


@register(Tags.database)
def clocks_agree(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the clock of this machine, which decides what has expired, agrees with that of the database."""
    faults: list[CheckMessage] = []
    for drift in (times.drift(connections[using]) for using in databases or ()):
        if times.noticeable(drift):
            message = f"The clock of this machine differs from the database's by {drift.total_seconds():+.0f} seconds."
            hint = "Keep both by NTP: keys expire by the first clock, and the record is written by the second."
            faults.append(Warning(message, hint=hint, id="partners.W044"))
    return faults


@register(Tags.database)
def months_ahead(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the ledger has a partition for each of the next months, and nothing that refuses rows of one."""
    hint = "Let prune_records run as the owner of the tables, as docs/operation.md (Months of the ledger) describes."
    return [
        Warning(f"The ledger is not ready for the months to come: {fault}.", hint=hint, id="partners.W045")
        for using in databases or ()
        for fault in present.faults(connections[using])
    ]


def _some(names: Sequence[str]) -> str:
    """Return the first names of many."""
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more])


@register(Tags.database)
def names_alike(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that no two organizations have names that look alike. Older versions allowed such names."""
    from partners.models import Organization

    for using in databases or ():
        if not _has_column(using, Organization._meta.db_table, "name_key"):
            continue
        twins = Organization.objects.using(using).twins().values_list("public_id", flat=True)[:MOST_NAMED]
        if twins:
            hint = "Use their ids in commands and pages. Remove the one that isn't used from the allowlist."
            message = f"An older organization has a name that looks like that of {', '.join(twins)}."
            return [Warning(message, hint=hint, id="partners.W020")]
    return []


def _has_column(using: str, table: str, column: str) -> bool:
    """Return True if the migration that adds the column has been run."""
    introspection = connections[using].introspection
    if table not in introspection.table_names():
        return False
    with connections[using].cursor() as cursor:
        return column in {each.name for each in introspection.get_table_description(cursor, table)}
