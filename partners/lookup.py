"""Organizations and keys found by what people write for them, and never by a token."""

from django.core.exceptions import ValidationError
from django.db.models import Value
from django.db.models.functions import Lower

from partners.identifiers import matcher
from partners.in_text import holds_token, quoted
from partners.models import ApiKey, Organization

REFUSAL_OF_TOKENS = (
    "That holds a token, and a token never comes on the command line, where others can read it. Name the key by its "
    "key_… id or its 12-character public part, and rotate it: it may have been seen."
)
_is_organization_id, _is_key_id = matcher("org"), matcher("key")


def find_organization(text: str) -> Organization:
    """Return the organization of this `org_…` id or exact name, in any case; ValidationError if there is none."""
    text = _without_token(text)
    if _is_organization_id(text):
        found = Organization.objects.filter(public_id=text).first()
    else:
        found = Organization.objects.alias(folded=Lower("name")).filter(folded=Lower(Value(text))).first()
    if found is None:
        raise ValidationError(
            "There is no organization of this id or name. Check the spelling, or create it with create_organization.",
            code="organization_not_found",
        )
    return found


def find_key(text: str) -> ApiKey:
    """Return the key of this `key_…` id or public part, `ch_sk_` before it or not; ValidationError if there is none."""
    text = _without_token(text)
    public_part = quoted(text)
    keys = ApiKey.objects.select_related("organization")
    if _is_key_id(text):
        found = keys.filter(public_id=text).first()
    else:
        found = keys.filter(public_part=public_part).first() if public_part else None
    if found is None:
        raise ValidationError(
            "There is no API key of this key_… id or 12-character public part. list_keys shows them all.",
            code="key_not_found",
        )
    return found


def _without_token(text: str) -> str:
    if holds_token(text):
        raise ValidationError(REFUSAL_OF_TOKENS, code="token_given")
    return text.strip()
