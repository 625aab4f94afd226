"""What the state of a key means for its partner, and what to do: the banner of the key's page."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from partners.admin.keys.filters import SOON
from partners.models import ApiKey, KeyState
from partners.templatetags.staff import distance, key_name

REFUSED = "Every call is refused."


@dataclass(frozen=True, slots=True)
class Banner:
    """The class that colors it, its first sentence, and the rest as text or safe HTML."""

    level: str
    title: str
    text: str


def banner_of(key: ApiKey, successor: ApiKey | None) -> Banner:
    """Return what staff need to know first about a key."""
    match key.state:
        case KeyState.REVOKED:
            return _over("Revoked", key.revoked_at, "A revoked key can't be restored.", successor)
        case KeyState.DISABLED:
            return _refused("Disabled", key.disabled_at, "Security can enable it again.")
        case KeyState.EXPIRED if key.rotated_at:
            return _over("Expired after its rotation", None, "", successor)
        case KeyState.EXPIRED:
            return _over("Expired", key.expires_at, "It can't be extended.", successor)
    return _active(key, successor)


def _active(key: ApiKey, successor: ApiKey | None) -> Banner:
    end = distance(key.expires_at) if key.expires_at else ""
    if key.rotated_at:
        new = _link(successor) if successor else "the new one"
        text = format_html("Make sure the partner has switched to {} by then.", new)
        level = "warning" if _is_soon(key) else "good"
        return Banner(level, f"Rotated. The old key works for another {end.removeprefix('in ')}.", text)
    if _is_soon(key):
        return Banner("warning", f"Active, expires {end}.", "Rotate it early enough for the partner to switch.")
    return Banner("good", "Active.", "This key works. See below what it can call.")


def _over(what: str, when: datetime | None, fact: str, successor: ApiKey | None) -> Banner:
    """Return the banner of a key that never works again: which key does, or how to get one."""
    if successor:
        return _refused(what, when, format_html("Its successor is {}.", _link(successor)))
    return _refused(what, when, f"{fact} If the partner still needs access, issue a replacement.".strip())


def _refused(what: str, when: datetime | None, advice: str) -> Banner:
    ago = f" {distance(when)}" if when else ""
    return Banner("danger", f"{what}{ago}.", format_html("{} {}", REFUSED, advice))


def _is_soon(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now() + SOON


def _link(key: ApiKey) -> str:
    return format_html('<a href="{}">{}</a>', reverse("admin:partners_apikey_change", args=[key.pk]), key_name(key))
