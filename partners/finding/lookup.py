"""Find organizations and keys by the ids and names that people type, but never by a token."""

import re

from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.identifiers import LENGTH, matcher
from partners.keys.in_text import holds_token, quoted
from partners.models.keys.key import ApiKey
from partners.models.organization import Organization
from partners.models.record import KEPT, RequestRecord, UnkeyedAnswer

REFUSAL_OF_TOKENS = (
    "This contains a token. Never put a token on the command line, where others can read it. Use the key_… id or the "
    "12-character public part instead, and rotate the key: someone may have seen it."
)
SUGGESTIONS = 5
_is_organization_id, _is_key_id = matcher("org"), matcher("key")


def find_organization(text: str) -> Organization:
    """Return the organization with this `org_…` id or name, in any case and spacing.

    Raise ValidationError if there is none, or if several have this name.
    """
    text = _without_token(text)
    found = _organizations(text)
    if not found:
        raise ValidationError(
            "No organization has this id or name. Check the spelling, or create it with create_organization.",
            code="organization_not_found",
        )
    if len(found) > 1:
        names = "; ".join(f"{each.public_id} “{each.name}”" for each in found)
        raise ValidationError(f"More than one organization has this name. Use an id: {names}.", code="ambiguous_name")
    return found[0]


def find_key(text: str) -> ApiKey:
    """Return the key with this `key_…` id or public part (`ch_sk_` optional); raise ValidationError without one."""
    text = _without_token(text)
    public_part = quoted(text)
    keys = ApiKey.objects.select_related("organization")
    if _is_key_id(text):
        found = keys.filter(public_id=text).first()
    else:
        found = keys.filter(public_part=public_part).first() if public_part else None
    if found is None:
        raise ValidationError(
            "No API key has this key_… id or 12-character public part. list_keys shows all keys.",
            code="key_not_found",
        )
    return found


def _organizations(text: str) -> list[Organization]:
    if _is_organization_id(text):
        return [*Organization.objects.filter(public_id=text)]
    return [*Organization.objects.named(text)[:SUGGESTIONS]]


def _without_token(text: str) -> str:
    if holds_token(text):
        raise ValidationError(REFUSAL_OF_TOKENS, code="token_given")
    return text.strip()


_QUOTED = re.compile(rf"(?i:x-request-id:\s*)?(?P<request_id>req_[0-9A-Za-z]{{{LENGTH}}})")
NOT_ON_RECORD = (
    "No answer with this request id is on record. Search for it under Requests: the page explains what that can mean "
    "and where to look."
)
WITHOUT_KEY = (
    "The call with this request id is in no key's record: it was refused with {status} {code}. Search for it under "
    "Requests, or paste its token or its Authorization header instead of the id."
)


def request_id(text: str) -> str:
    """Return the request id that `text` is, with or without its header's name; raise ValidationError without one."""
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        raise ValidationError("A request id is req_ and 22 letters and digits.", code="not_a_request_id")
    return quoted["request_id"]


def find_record(text: str) -> RequestRecord:
    """Return the record with this request id. Without one, raise ValidationError with what is known instead."""
    wanted = request_id(text)
    found = RequestRecord.objects.select_related("api_key", "organization").filter(request_id=wanted).first()
    if found is None:
        raise _no_record(find_unkeyed(wanted))
    return found


def find_unkeyed(wanted: str) -> UnkeyedAnswer | None:
    """Return the answer with this request id that is in no key's record, if it is still kept."""
    return UnkeyedAnswer.objects.filter(request_id=wanted, occurred_at__gte=timezone.now() - KEPT).first()


def _no_record(answer: UnkeyedAnswer | None) -> ValidationError:
    if answer is None:
        return ValidationError(NOT_ON_RECORD, code="request_not_found")
    told = WITHOUT_KEY.format(status=answer.reason.status, code=answer.reason_code)
    return ValidationError(told, code="unkeyed_answer")
