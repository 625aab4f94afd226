"""The catalogue of remedies: of each reason code what it means, its usual cause, who can fix it, where and how."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from partners.catalogue.reasons import Reason


class Fixer(StrEnum):
    """Who can fix what blocks a call."""

    PARTNER = "The partner's engineer"
    ONBOARDING = "Partner onboarding"
    SECURITY = "Security"
    OPERATOR = "The operator of the deployment"
    SUPPORT = "Support"


class Retry(StrEnum):
    """Whether the same call may be sent again."""

    NOT_AS_IT_IS = "No. The same call gets the same answer until this is fixed."
    LATER = "Yes, after the seconds in Retry-After, then with growing pauses."
    ONCE = "Once, after a pause. If it fails again, do not go on."


class Place(Enum):
    """Where it is fixed: its name, and for a page of ours its view and who may open it."""

    REQUEST = "The call itself", "", ""
    DEPLOYMENT = "The deployment: its settings, its database, its log", "", ""
    SWITCH = "The global switch", "admin:switch", "partners.view_apikeyswitch"
    KEY = "The key's page", "admin:partners_apikey_change", "partners.view_apikey"
    ORGANIZATION = "The organization's page", "admin:partners_organization_change", "partners.view_organization"

    def __init__(self, label: str, view: str, permission: str) -> None:
        self.label = label
        self.view = view
        self.permission = permission


@dataclass(frozen=True, slots=True)
class Remedy:
    """What staff tell and do about one reason code. `because` completes "The call is refused because …"."""

    because: str
    cause: str
    fixer: Fixer
    place: Place
    how: str
    retry: Retry = Retry.NOT_AS_IT_IS


def _request(because: str, cause: str, how: str) -> Remedy:
    """Return the remedy of a call that its sender has to put right."""
    return Remedy(because, cause, Fixer.PARTNER, Place.REQUEST, how)


REMEDIES: dict[Reason, Remedy] = {
    Reason.MISSING_BEARER: _request(
        "it came without an API key in its Authorization header",
        "The header is missing or has another scheme than Bearer, or the key came in another way: a query parameter, a "
        "cookie, a header of another name. Some HTTP clients drop the header when they follow a redirect.",
        "Send 'Authorization: Bearer <api_key>' with every call.",
    ),
    Reason.API_KEYS_DISABLED: Remedy(
        "API keys are switched off for all partners at the moment",
        "Security has turned the global switch off, mostly during an incident. No key is at fault.",
        Fixer.SECURITY,
        Place.SWITCH,
        "Read the reason beside the global switch, and turn it on again when that is over.",
    ),
    Reason.TEST_PREFIX_NOT_ALLOWED: _request(
        "it was made with a test key, and live keys alone are accepted here",
        "A key that begins with ch_sk_test_ belongs to a sandbox; this deployment does not accept test keys.",
        "Use the live key here and the test key in the sandbox. Partner onboarding issues a live key if there is none.",
    ),
    Reason.MALFORMED_TOKEN: _request(
        "what was sent as the API key is not a complete one",
        "The key was cut short or changed when it was copied, a blank or a comma came with it, or the name of a "
        "variable was sent in place of its value.",
        "Copy the whole key again: ch_sk_ and 61 letters and digits. If no whole copy is left, have the key rotated.",
    ),
    Reason.DIGEST_KEY_UNAVAILABLE: Remedy(
        "the service cannot verify this API key at the moment",
        "The digest key that this API key was stored under is not loaded: its number is missing from "
        "CHARTERO_DIGEST_KEYS, or nothing is loaded at all. The partner has done nothing wrong.",
        Fixer.OPERATOR,
        Place.DEPLOYMENT,
        "Put the digest key back into CHARTERO_DIGEST_KEYS and restart. If it is lost, rotate the API keys under it.",
        Retry.LATER,
    ),
    Reason.INVALID_KEY: _request(
        "the API key that was sent is not known here",
        "The key belongs to another deployment, or another secret than the issued one was sent.",
        "Compare the public part, the 12 characters after the prefix, with the key that was handed over, and the host "
        "with the deployment that issued it. If in doubt, ask Partner onboarding to rotate the key.",
    ),
    Reason.DISABLED_KEY: Remedy(
        "the API key is disabled",
        "Staff have disabled the key for now. Why stands in the timeline on its page.",
        Fixer.SECURITY,
        Place.KEY,
        "Enable the key again once the reason for disabling it is gone.",
    ),
    Reason.REVOKED_KEY: Remedy(
        "the API key has been revoked, and that is final",
        "Staff have ended the key for good: it leaked, its system is gone, or the partner asked for it.",
        Fixer.ONBOARDING,
        Place.ORGANIZATION,
        "Issue a new key and hand it over. The revoked one never works again.",
    ),
    Reason.EXPIRED_KEY: Remedy(
        "the API key has expired",
        "The end date of the key has passed, or the key was rotated and the partner still uses the old one.",
        Fixer.ONBOARDING,
        Place.ORGANIZATION,
        "If the key was rotated, have the partner change to its successor. If not, issue a new key.",
    ),
    Reason.ORG_SCOPE_ONLY_REQUIRED: Remedy(
        "the API key belongs to no organization, and this API needs one that does",
        "The key was issued without an organization, for another use.",
        Fixer.ONBOARDING,
        Place.KEY,
        "Issue a key for the partner's organization; a key cannot be given to one afterwards.",
    ),
    Reason.ORGANIZATION_NOT_ALLOWLISTED: Remedy(
        "the organization is not allowlisted for this API",
        "The organization has not been opened yet, or it has been closed.",
        Fixer.ONBOARDING,
        Place.ORGANIZATION,
        "Allowlist the organization, if its contract allows it.",
    ),
    Reason.ROUTE_NOT_ALLOWED: Remedy(
        "this route is not enabled for the organization",
        "Each route is enabled for itself, and none is from the start.",
        Fixer.ONBOARDING,
        Place.ORGANIZATION,
        "Enable the route for the organization, if its contract covers it.",
    ),
    Reason.MISSING_SCOPE: Remedy(
        "the API key lacks a scope that this route requires",
        "The key was issued for less than the partner now calls. A route needs every one of its scopes.",
        Fixer.ONBOARDING,
        Place.KEY,
        "Add the scope to the key, if its contract covers it. The partner goes on with the same key.",
    ),
    Reason.UNSUPPORTED_FILTER: _request(
        "the route does not know one of the query parameters",
        "A parameter is misspelt, in another case or of another API; the answer names it in `field`. Only a list "
        "takes parameters at all.",
        "Leave the parameter out, or spell it as the documentation does.",
    ),
    Reason.INVALID_LIMIT: _request(
        "the parameter limit is not valid",
        "It is over 100, is not a plain whole number, or came twice.",
        "Send limit once, as a whole number from 1 to 100, and page on with offset.",
    ),
    Reason.INVALID_OFFSET: _request(
        "the parameter offset is not valid",
        "It is over 10000, is not a plain whole number, or came twice.",
        "Send offset once, as a whole number from 0 to 10000. Beyond that, narrow start_at and end_at.",
    ),
    Reason.INVALID_SORT: _request(
        "the parameter sort_order is not valid",
        "It is in upper case, names a column, or came twice.",
        "Send sort_order once, as asc or desc in lower case.",
    ),
    Reason.INVALID_QUERY: _request(
        "the time window of the query is not valid",
        "A time has no zone, a '+' was not encoded as %2B, or start_at is not earlier than end_at. Where one parameter "
        "is at fault, the answer names it in `field`.",
        "Send start_at and end_at each once, as 2026-05-25T14:00:00Z, start_at the earlier one.",
    ),
    Reason.ENCOUNTER_NOT_FOUND: _request(
        "there is no encounter of this id",
        "The id is misspelt or of another deployment, or the encounter has been withdrawn since it was listed.",
        "Take encounter ids from the list, and drop those that it no longer has.",
    ),
    Reason.CROSS_ORGANIZATION_DENIED: _request(
        "the encounter does not belong to the API key's organization",
        "The id was listed with a key of another organization: the partner mixes up the keys of two.",
        "Read each encounter with a key of the organization that listed it.",
    ),
    Reason.DEMO_TRAINING_DENIED: _request(
        "the encounter is demo or training material, which this API does not serve",
        "The id was taken from a screen of the product and not from the list: the list never has such encounters.",
        "Take encounter ids from the list.",
    ),
    Reason.DOCUMENT_NOT_FOUND: _request(
        "the encounter has no document of this id",
        "The id is misspelt or is that of another encounter's document, or the document has been withdrawn since.",
        "Take document ids from their encounter as it is listed now, and drop those that it no longer has.",
    ),
    Reason.UNSUPPORTED_DOCUMENT_TYPE: _request(
        "the route does not serve documents of this schema_type",
        "Transcript and audio were asked of a document that is not an ambient transcript, or the document is of a type "
        "that no route serves.",
        "Look at the document's schema_type in its encounter: only ambient_transcript has a transcript and audio.",
    ),
    Reason.TRANSCRIPT_NOT_FOUND: _request(
        "there is no transcript of this document, or it is not final",
        "The document is still a draft, has been superseded or has no status, or it came without a transcript.",
        "Ask again once the document's status in its encounter is completed or amended, and not more often than that.",
    ),
    Reason.AUDIO_NOT_FOUND: _request(
        "there is no recording of this document",
        "The recording was not kept, or it has not been delivered with the transcript.",
        "Go on without it. If there should be one, ask Support with the document's id.",
    ),
    Reason.HTTPS_REQUIRED: _request(
        "it came over plain http, where anybody on the way can read the API key",
        "The base URL begins with http://. If it does not, the proxy does not tell this deployment that https was "
        "used: the operator looks at CHARTERO_BEHIND_PROXY.",
        "Call https:// in place of http://, and have the API key rotated, since it was sent in clear.",
    ),
    Reason.ROUTE_NOT_FOUND: _request(
        "there is no route at this path",
        "The path is misspelt, ends with a slash or names another version.",
        "Compare the path with the documentation, letter by letter: none ends with a slash.",
    ),
    Reason.METHOD_NOT_ALLOWED: _request(
        "this API answers GET and HEAD only",
        "The client sends POST, which many do as soon as a body is given, or a browser asks by OPTIONS.",
        "Send GET without a body, from a server and not from a browser.",
    ),
    Reason.BAD_REQUEST: _request(
        "it cannot be read, or names a host that this deployment does not answer for",
        "The base URL is misspelt or of another deployment, a proxy rewrites the Host header, or the request line is "
        "longer than 8,190 bytes, there are over 100 headers, or a path is not percent-encoded.",
        "Call the base URL that was handed over with the key. If that is the one called, the operator adds it to "
        "CHARTERO_ALLOWED_HOSTS.",
    ),
    Reason.SERVICE_UNAVAILABLE: Remedy(
        "the service is busy or cannot reach its database",
        "The database is down, locked or overloaded, or it has not been migrated.",
        Fixer.OPERATOR,
        Place.DEPLOYMENT,
        "Look for the X-Request-ID in the log; check the database, and that every migration has run.",
        Retry.LATER,
    ),
    Reason.INTERNAL_ERROR: Remedy(
        "the service itself failed",
        "A fault of ours. The log has the place where it arose, under the X-Request-ID of the answer.",
        Fixer.SUPPORT,
        Place.DEPLOYMENT,
        "Ask the partner for the X-Request-ID and hand it to the operator, who finds the fault in the log.",
        Retry.ONCE,
    ),
}
