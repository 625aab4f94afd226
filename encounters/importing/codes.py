"""The codes that an import reports: the outcome for each resource, and the issues with it."""

from enum import StrEnum


class ImportOutcome(StrEnum):
    """The outcome for one resource."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"
    STALE = "stale"
    CONFLICT_NO_VERSION = "conflict_no_version"
    CONFLICT_SAME_VERSION = "conflict_same_version"
    REJECTED = "rejected"
    READ = "read"
    IGNORED = "ignored"


class Level(StrEnum):
    """How serious an issue is: an error rejects the resource, a warning concerns only a part of it."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """A kind of issue."""

    level: Level

    def __new__(cls, value: str, level: Level) -> "Code":
        member = str.__new__(cls, value)
        member._value_ = value
        member.level = level
        return member

    # About the line or the file
    INVALID_JSON = "invalid_json", Level.ERROR
    NOT_AN_OBJECT = "not_an_object", Level.ERROR
    LINE_TOO_LONG = "line_too_long", Level.ERROR
    UNREADABLE_FILE = "unreadable_file", Level.ERROR
    WRONG_RESOURCE_TYPE = "wrong_resource_type", Level.ERROR
    MISSING_ID = "missing_id", Level.ERROR
    INVALID_ID = "invalid_id", Level.ERROR
    INVALID_DELETION = "invalid_deletion", Level.ERROR

    # About what is missing
    FILE_NOT_READ = "file_not_read", Level.WARNING
    EXPORT_ERRORS = "export_errors", Level.WARNING
    MORE_PAGES = "more_pages", Level.WARNING
    FEWER_THAN_COUNTED = "fewer_than_counted", Level.WARNING

    # About the resource and its relations to others
    ID_TAKEN = "id_taken", Level.ERROR
    UNRESOLVED_PATIENT = "unresolved_patient", Level.ERROR
    NO_ENCOUNTER = "no_encounter", Level.ERROR
    UNRESOLVED_ENCOUNTER = "unresolved_encounter", Level.ERROR
    PATIENT_MISMATCH = "patient_mismatch", Level.ERROR
    CONFLICT_NO_VERSION = "conflict_no_version", Level.ERROR
    CONFLICT_SAME_VERSION = "conflict_same_version", Level.ERROR

    # About one value of the resource
    NO_PATIENT = "no_patient", Level.WARNING
    SUBJECT_NOT_A_PATIENT = "subject_not_a_patient", Level.WARNING
    R5_STATUS = "r5_status", Level.WARNING
    OTHER_FHIR_VERSION = "other_fhir_version", Level.WARNING
    UNRECOGNIZED_STATUS = "unrecognized_status", Level.WARNING
    TEST_DATA = "test_data", Level.WARNING
    INVALID_LAST_UPDATED = "invalid_last_updated", Level.WARNING
    INVALID_DATE = "invalid_date", Level.WARNING
    PARTIAL_DATE = "partial_date", Level.WARNING
    DATE_ONLY = "date_only", Level.WARNING
    NO_TIME_ZONE = "no_time_zone", Level.WARNING
    NO_NAME = "no_name", Level.WARNING
    NAME_TEXT_ONLY = "name_text_only", Level.WARNING
    UNEXPECTED_SHAPE = "unexpected_shape", Level.WARNING
    NO_BIRTH_DATE = "no_birth_date", Level.WARNING
    TEXT_CUT = "text_cut", Level.WARNING
    INVALID_DURATION = "invalid_duration", Level.WARNING
    NO_CONTENT = "no_content", Level.WARNING
    BLANK_CONTENT = "blank_content", Level.WARNING
    CONTENT_BY_URL = "content_by_url", Level.WARNING
    CONTENT_TOO_LONG = "content_too_long", Level.WARNING
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type", Level.WARNING
    UNKNOWN_CHARSET = "unknown_charset", Level.WARNING
    INVALID_BASE64 = "invalid_base64", Level.WARNING
    INVALID_CHARACTERS = "invalid_characters", Level.WARNING
    INVALID_HTML = "invalid_html", Level.WARNING
