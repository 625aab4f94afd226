"""Which names of query parameters may be kept: those of known words. Another could be a person's name or a secret."""

import re

_KNOWN = """
after amount api at audio before between birth by class clinic code content count created cursor date datetime day
desc descending direction doc document documents dob end encounter encounters expand external family field fields
filter first format from gender given hour id identifier ids include key kind language last lastname limit list
location max min modified month mrn name next number offset order org organization page pages param patient patients
per period practice practitioner provider query range record recording recordings role schema scope search service
since size skip sort start state status subject system time timestamp timezone to token top total transcript tz type
until updated user utc value version visit workflow year zone
"""
_WORDS = frozenset(_KNOWN.split())
_NAME = re.compile(r"[A-Za-z$_.:\[\]-]{1,40}")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def kept_parameter(name: str | None) -> str | None:
    """Return the name of the parameter at fault if it has only known words (`pageSize`, `filter[patient_id]`)."""
    if name is None or not _NAME.fullmatch(name):
        return None
    words = _WORD.findall(name)
    return name if words and all(word.lower() in _WORDS for word in words) else None
