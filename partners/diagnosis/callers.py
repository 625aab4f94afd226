"""The caller as staff enter it: a key, a call on record, or the header that was sent."""

import re
from dataclasses import dataclass, field, fields, replace

from django.core.exceptions import ValidationError

from partners.catalogue.routes import Route
from partners.decision import facts
from partners.decision.policy import AccessRequest
from partners.finding.lookup import find_key, find_record
from partners.keys import in_text
from partners.models import ApiKey, ApiKeySwitch, RequestRecord

_HEADER_NAME = re.compile(r"(?:-H\s*)?['\"]?authorization:\s*", re.IGNORECASE)
_SCHEME = re.compile(r"bearer\b", re.IGNORECASE)
_REQUEST_ID = re.compile(r"(?i:x-request-id:).*|req_.*")


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a key, whatever the token is."""

    key: ApiKey

    def facts(self, route: Route, address: str | None = None) -> AccessRequest:
        return facts.of_holder(self.key.public_part, is_test=self.key.is_test, route=route, address=address)


@dataclass(frozen=True, slots=True)
class RecordedHolder(Holder):
    """The holder of the key of a call on record."""

    record: RequestRecord


@dataclass(frozen=True, slots=True)
class Sent:
    """The `Authorization` header of a call, "" for none. It may contain a token and stays out of the `repr`."""

    header: str = field(repr=False)

    @property
    def token(self) -> str | None:
        return facts.bearer_token(self.header)

    @property
    def key(self) -> ApiKey | None:
        """Return the key whose public part the token has, whether or not it is that key's token."""
        public_part = in_text.presented(self.token or "")
        return ApiKey.objects.select_related("organization").filter(public_part=public_part).first()

    def facts(self, route: Route, address: str | None = None) -> AccessRequest:
        """Return the facts of this call. What it leaves unknown is filled in as if the key's holder called."""
        call = facts.of_call(self.header, route, address)
        if call.secret_matches:
            return call
        if not call.bearer:
            return replace(call, switched_on=ApiKeySwitch.is_on())
        key = self.key
        return call if key is None else _as_if_held(call, Holder(key).facts(route, address))


Credentials = Holder | Sent
NOTHING_SENT = Sent("")


def is_of_a_call(text: str) -> bool:
    """Return True if the text is meant as a request id."""
    return _REQUEST_ID.fullmatch(text.strip()) is not None


def read(text: str) -> Credentials:
    """Read what staff paste: a key's id or public part, a request id, a token or a header.

    Raise ValidationError for anything else. Its message never contains a token.
    """
    text = text.strip()
    # From the most certain form to the least: a damaged token is taken for one only if it is nothing else.
    if header := _HEADER_NAME.match(text):
        return Sent(text[header.end() :].rstrip("'\""))
    if _SCHEME.match(text):
        return Sent(text)
    if is_of_a_call(text):
        record = find_record(text)
        return RecordedHolder(record.api_key, record)
    if in_text.quoted(text) or (text.startswith("key_") and not in_text.holds_token(text)):
        return Holder(_known_key(text))
    if in_text.may_be_sent_as_token(text):
        return Sent(f"Bearer {text}")
    raise ValidationError(
        "This isn't a key_… id, a 12-character public part or a token, which begins with ch_sk_.", code="unreadable"
    )


def _known_key(text: str) -> ApiKey:
    try:
        return find_key(text)
    except ValidationError:
        raise ValidationError(
            "No API key has this id or public part. Compare it with the list of API keys.", code="key_not_found"
        ) from None


def _as_if_held(call: AccessRequest, holder: AccessRequest) -> AccessRequest:
    """Fill in what is unknown about a call, but never that its secret matches."""
    unknown = [each.name for each in fields(call) if getattr(call, each.name) is None and each.name != "secret_matches"]
    return replace(call, **{name: getattr(holder, name) for name in unknown})
