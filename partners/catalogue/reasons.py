"""The catalogue of reason codes: what the API can answer instead of data, in the order of the checks."""

from enum import Enum, StrEnum


class Stage(StrEnum):
    """The part of a call in which a check takes place, and the question that it answers."""

    question: str

    def __new__(cls, value: str, question: str) -> "Stage":
        member = str.__new__(cls, value)
        member._value_ = value
        member.question = question
        return member

    CREDENTIALS = "credentials", "Who calls?"
    ACCESS = "access", "May they call this route?"
    QUERY = "query", "Is the query valid?"
    RESOURCE = "resource", "May they read this encounter, and has it what they ask for?"
    EDGE = "edge", "Outside the order of the checks"


class Reason(Enum):
    """One reason code: HTTP status, stage, and a message for a person, which may change."""

    MISSING_BEARER = 401, Stage.CREDENTIALS, "Send the API key as 'Authorization: Bearer <api_key>'."
    API_KEYS_DISABLED = 401, Stage.CREDENTIALS, "API-key authentication is switched off for everyone at the moment."
    TEST_PREFIX_NOT_ALLOWED = 401, Stage.CREDENTIALS, "This deployment accepts live keys only; a test key was sent."
    MALFORMED_TOKEN = 401, Stage.CREDENTIALS, "The bearer token is not a complete API key; copy it again, whole."
    DIGEST_KEY_UNAVAILABLE = 503, Stage.CREDENTIALS, "API keys cannot be verified at the moment; try again later."
    INVALID_KEY = 401, Stage.CREDENTIALS, "The API key is not known."
    DISABLED_KEY = 401, Stage.CREDENTIALS, "The API key is disabled."
    REVOKED_KEY = 401, Stage.CREDENTIALS, "The API key has been revoked."
    EXPIRED_KEY = 401, Stage.CREDENTIALS, "The API key has expired."
    ORG_SCOPE_ONLY_REQUIRED = 403, Stage.ACCESS, "The API key belongs to no organization; this API needs one that does."
    ORGANIZATION_NOT_ALLOWLISTED = 403, Stage.ACCESS, "The organization is not allowlisted for the external API."
    ROUTE_NOT_ALLOWED = 403, Stage.ACCESS, "This route is not enabled for the organization."
    MISSING_SCOPE = 403, Stage.ACCESS, "The API key lacks a scope that this route requires."
    UNSUPPORTED_FILTER = 400, Stage.QUERY, "This route does not support that query parameter."
    INVALID_LIMIT = 422, Stage.QUERY, "limit must be given once, as an integer from 1 to 100."
    INVALID_OFFSET = 422, Stage.QUERY, "offset must be given once, as an integer from 0 to 10000."
    INVALID_SORT = 422, Stage.QUERY, "sort_order must be given once, as asc or desc."
    INVALID_QUERY = (
        422,
        Stage.QUERY,
        "start_at and end_at must each be given once, as an RFC 3339 date-time with a zone, start_at the earlier one.",
    )
    ENCOUNTER_NOT_FOUND = 404, Stage.RESOURCE, "There is no such encounter."
    CROSS_ORGANIZATION_DENIED = 403, Stage.RESOURCE, "The encounter belongs to another organization."
    DEMO_TRAINING_DENIED = 403, Stage.RESOURCE, "Demo and training encounters are not served."
    DOCUMENT_NOT_FOUND = 404, Stage.RESOURCE, "The encounter has no such document."
    UNSUPPORTED_DOCUMENT_TYPE = 400, Stage.RESOURCE, "This route does not serve documents of this schema_type."
    TRANSCRIPT_NOT_FOUND = 404, Stage.RESOURCE, "There is no transcript, or it is not final."
    AUDIO_NOT_FOUND = 404, Stage.RESOURCE, "There is no recording of this document."
    HTTPS_REQUIRED = 403, Stage.EDGE, "Send the call over https; a key that was sent without it may have been read."
    ROUTE_NOT_FOUND = 404, Stage.EDGE, "There is no such route; paths have no trailing slash."
    METHOD_NOT_ALLOWED = 405, Stage.EDGE, "Only GET and HEAD are supported."
    BAD_REQUEST = (
        400,
        Stage.EDGE,
        "The request could not be read; check its Host header, and the length and the characters of path and headers.",
    )
    SERVICE_UNAVAILABLE = 503, Stage.EDGE, "The service is busy or out of reach; try again later."
    INTERNAL_ERROR = 500, Stage.EDGE, "The service failed; quote the X-Request-ID of this answer to support."

    def __init__(self, status: int, stage: Stage, message: str) -> None:
        self.status = status
        self.stage = stage
        self.message = message

    @property
    def code(self) -> str:
        """Return the stable code that clients branch on."""
        return self.name.lower()

    @classmethod
    def coded(cls, code: str) -> "Reason":
        """Return the reason of that code; KeyError if the catalogue has none."""
        return _BY_CODE[code]


_BY_CODE = {reason.code: reason for reason in Reason}
