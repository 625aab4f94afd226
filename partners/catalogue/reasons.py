"""The catalogue of reason codes: what the API can return instead of data, in the order of the checks."""

from enum import Enum, StrEnum


class Stage(StrEnum):
    """The part of a call to which a check belongs, and the question that it answers."""

    question: str

    def __new__(cls, value: str, question: str) -> "Stage":
        member = str.__new__(cls, value)
        member._value_ = value
        member.question = question
        return member

    CREDENTIALS = "credentials", "Who is calling?"
    ACCESS = "access", "Can they call this route?"
    LIMIT = "limit", "Have they called too often?"
    QUERY = "query", "Is the query valid?"
    RESOURCE = "resource", "Can they read this encounter, and does it contain what they asked for?"
    EDGE = "edge", "Outside the order of checks"


class Reason(Enum):
    """One reason code: its HTTP status, its stage, and a message for people, which may change."""

    MISSING_BEARER = 401, Stage.CREDENTIALS, "Send the API key as 'Authorization: Bearer <api_key>'."
    API_KEYS_DISABLED = 401, Stage.CREDENTIALS, "API-key authentication is switched off for everyone at the moment."
    TEST_PREFIX_NOT_ALLOWED = 401, Stage.CREDENTIALS, "This deployment accepts live keys only. A test key was sent."
    MALFORMED_TOKEN = 401, Stage.CREDENTIALS, "The bearer token is not a complete API key. Copy the whole key again."
    DIGEST_KEY_UNAVAILABLE = 503, Stage.CREDENTIALS, "API keys can't be verified at the moment. Try again later."
    INVALID_KEY = 401, Stage.CREDENTIALS, "The API key is unknown."
    DISABLED_KEY = 401, Stage.CREDENTIALS, "The API key is disabled."
    REVOKED_KEY = 401, Stage.CREDENTIALS, "The API key has been revoked."
    EXPIRED_KEY = 401, Stage.CREDENTIALS, "The API key has expired."
    SOURCE_NOT_ALLOWED = 403, Stage.ACCESS, "The API key may not be used from this network."
    ORG_SCOPE_ONLY_REQUIRED = 403, Stage.ACCESS, "The API key does not belong to an organization."
    ORGANIZATION_NOT_ALLOWLISTED = 403, Stage.ACCESS, "The organization is not allowlisted for this API."
    ROUTE_NOT_ALLOWED = 403, Stage.ACCESS, "This route is not enabled for the organization."
    MISSING_SCOPE = 403, Stage.ACCESS, "The API key lacks a scope that this route requires."
    RATE_LIMITED = 429, Stage.LIMIT, "Too many calls. Send the call again after the number of seconds in Retry-After."
    UNSUPPORTED_FILTER = 400, Stage.QUERY, "This route does not support that query parameter."
    INVALID_LIMIT = (
        422,
        Stage.QUERY,
        "limit must be given once, as an integer from 1 to 100, or from 1 to 1000 for changes.",
    )
    INVALID_OFFSET = 422, Stage.QUERY, "offset must be given once, as an integer from 0 to 10000."
    INVALID_SORT = 422, Stage.QUERY, "sort_order must be given once, as asc or desc."
    INVALID_QUERY = (
        422,
        Stage.QUERY,
        "start_at and end_at must each be given once, as an RFC 3339 date-time with a time zone, start_at first. "
        "cursor must be given once, as next_cursor returned it.",
    )
    CURSOR_EXPIRED = 410, Stage.QUERY, "The changes after this cursor are no longer complete. Read the list again."
    ENCOUNTER_NOT_FOUND = 404, Stage.RESOURCE, "No encounter has this id."
    CROSS_ORGANIZATION_DENIED = 403, Stage.RESOURCE, "The encounter belongs to another organization."
    DEMO_TRAINING_DENIED = 403, Stage.RESOURCE, "Demo and training encounters are not available here."
    DOCUMENT_NOT_FOUND = 404, Stage.RESOURCE, "The encounter has no document with this id."
    UNSUPPORTED_DOCUMENT_TYPE = 400, Stage.RESOURCE, "This route does not serve documents of this schema_type."
    TRANSCRIPT_NOT_FOUND = 404, Stage.RESOURCE, "This document has no final transcript."
    AUDIO_NOT_FOUND = 404, Stage.RESOURCE, "This document has no recording."
    HTTPS_REQUIRED = 403, Stage.EDGE, "Use https. A key sent over plain http may have been read by others."
    ROUTE_NOT_FOUND = 404, Stage.EDGE, "No route has this path. Paths have no trailing slash."
    METHOD_NOT_ALLOWED = 405, Stage.EDGE, "Only GET and HEAD are supported."
    BAD_REQUEST = (
        400,
        Stage.EDGE,
        "The request could not be read. Check the Host header, and the length and characters of the path and headers.",
    )
    SERVICE_UNAVAILABLE = 503, Stage.EDGE, "The service is busy or unavailable. Try again later."
    INTERNAL_ERROR = 500, Stage.EDGE, "The service failed. Quote the X-Request-ID of this response to support."

    def __init__(self, status: int, stage: Stage, message: str) -> None:
        self.status = status
        self.stage = stage
        self.message = message

    @property
    def code(self) -> str:
        """Return the stable code for clients to branch on."""
        return self.name.lower()

    @classmethod
    def coded(cls, code: str) -> "Reason":
        """Return the reason with this code; KeyError if there is none."""
        return _BY_CODE[code]


_BY_CODE = {reason.code: reason for reason in Reason}
