"""What is kept of an answer, found by its request id, which is what a partner quotes of it."""

import re

from django.core.exceptions import ValidationError
from django.utils import timezone

from partners.identifiers import LENGTH
from partners.models import RequestRecord, UnkeyedAnswer
from partners.unkeyed_answers import KEPT

_QUOTED = re.compile(rf"(?i:x-request-id:\s*)?(?P<request_id>req_[0-9A-Za-z]{{{LENGTH}}})")
NOT_ON_RECORD = (
    "No answer with this request id is on record. Look for it under Requests: the page says what that can mean, and "
    "where to look."
)
WITHOUT_KEY = (
    "The call with this request id is in no key's record: it was refused with {status} {code}. Look for it under "
    "Requests, or paste its token or its Authorization header in place of the id."
)


def request_id(text: str) -> str:
    """Return the request id that `text` is, its header's name before it or not; ValidationError if it is none."""
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is None:
        raise ValidationError("A request id is req_ and 22 letters and digits.", code="not_a_request_id")
    return quoted["request_id"]


def find_record(text: str) -> RequestRecord:
    """Return the record of this request id; ValidationError if there is none, which says what is known instead."""
    wanted = request_id(text)
    found = RequestRecord.objects.select_related("api_key", "organization").filter(request_id=wanted).first()
    if found is None:
        raise _no_record(find_unkeyed(wanted))
    return found


def find_unkeyed(wanted: str) -> UnkeyedAnswer | None:
    """Return the answer of this request id that is in no key's record, if it is kept."""
    return UnkeyedAnswer.objects.filter(request_id=wanted, occurred_at__gte=timezone.now() - KEPT).first()


def _no_record(answer: UnkeyedAnswer | None) -> ValidationError:
    if answer is None:
        return ValidationError(NOT_ON_RECORD, code="request_not_found")
    told = WITHOUT_KEY.format(status=answer.reason.status, code=answer.reason_code)
    return ValidationError(told, code="unkeyed_answer")
