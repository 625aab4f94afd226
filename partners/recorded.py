"""A call found on record by its request id, which is what a partner quotes of an answer."""

import re

from django.core.exceptions import ValidationError

from partners.identifiers import LENGTH
from partners.models import RequestRecord

_QUOTED = re.compile(rf"(?i:x-request-id:\s*)?(?P<request_id>req_[0-9A-Za-z]{{{LENGTH}}})")
NOT_ON_RECORD = (
    "No call with this request id is on record. Either it belongs to no key (no bearer, a malformed or unknown key: "
    "such calls are counted, not recorded), or it is older than what is kept, or it was made to "
    "another deployment."
)


def find_record(text: str) -> RequestRecord:
    """Return the record of this request id, its header's name before it or not; ValidationError if there is none."""
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        raise ValidationError("A request id is req_ and 22 letters and digits.", code="not_a_request_id")
    rows = RequestRecord.objects.select_related("api_key", "organization")
    found = rows.filter(request_id=quoted["request_id"]).first()
    if found is None:
        raise ValidationError(NOT_ON_RECORD, code="request_not_found")
    return found
