"""Organizations and keys found by what people write for them, and never by a token."""

from django.core.exceptions import ValidationError

from partners.identifiers import matcher
from partners.in_text import holds_token, quoted
from partners.models import ApiKey, Organization

REFUSAL_OF_TOKENS = (
    "That holds a token, and a token never comes on the command line, where others can read it. Name the key by its "
    "key_… id or its 12-character public part, and rotate it: it may have been seen."
)
SUGGESTIONS = 5
_is_organization_id, _is_key_id = matcher("org"), matcher("key")


def find_organization(text: str) -> Organization:
    """Return the organization of this `org_…` id or name, however it is written.

    ValidationError if there is none, and where the name is that of several.
    """
    text = _without_token(text)
    found = _organizations(text)
    if not found:
        raise ValidationError(
            "There is no organization of this id or name. Check the spelling, or create it with create_organization.",
            code="organization_not_found",
        )
    if len(found) > 1:
        names = "; ".join(f"{each.public_id} “{each.name}”" for each in found)
        raise ValidationError(f"More than one organization has this name. Give an id: {names}.", code="ambiguous_name")
    return found[0]


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


def _organizations(text: str) -> list[Organization]:
    if _is_organization_id(text):
        return [*Organization.objects.filter(public_id=text)]
    return [*Organization.objects.named(text)[:SUGGESTIONS]]


def _without_token(text: str) -> str:
    if holds_token(text):
        raise ValidationError(REFUSAL_OF_TOKENS, code="token_given")
    return text.strip()
