"""Read an answer of the API as a partner pastes it: its error body, perhaps with the headers before it."""

import re
from dataclasses import dataclass

from partners.catalogue.reasons import Reason
from partners.identifiers import LENGTH

_CODE = re.compile(r"[\"']reason_code[\"']\s*:\s*[\"'](?P<code>[a-z_]+)[\"']")
_REQUEST_ID = re.compile(rf"\breq_[0-9A-Za-z]{{{LENGTH}}}\b")


@dataclass(frozen=True, slots=True)
class PastedAnswer:
    """A refusal: its reason, and its request id if that was pasted too."""

    reason: Reason
    request_id: str | None


def find_answer(text: str) -> PastedAnswer | None:
    """Return the refusal in a text; None if there is none with a known reason code."""
    match = _CODE.search(text)
    if match is None:
        return None
    try:
        reason = Reason.coded(match["code"])
    except KeyError:
        return None
    request_id = _REQUEST_ID.search(text)
    return PastedAnswer(reason, request_id and request_id[0])
