"""The ids by which the sources of an import know their records."""

import re

ID = r"[A-Za-z0-9\-.]{1,64}"
_ID = re.compile(ID)


def is_id(value: object) -> bool:
    """Tell whether this is a FHIR id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None
