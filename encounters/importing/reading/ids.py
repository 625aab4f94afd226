"""The ids that sources give to their records."""

import re

ID = r"[A-Za-z0-9\-.]{1,64}"
_ID = re.compile(ID)


def is_id(value: object) -> bool:
    """Return True if the value is a FHIR id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None
