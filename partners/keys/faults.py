"""Say what is wrong with the text of a token, to help a partner who sent it."""

from partners.identifiers import BASE62
from partners.keys import tokens


def fault(text: str) -> str | None:
    """Return what is wrong with the shape of a token, without quoting it, or None if nothing is."""
    if tokens.parse(text) is not None:
        return None
    if any(character.isspace() for character in text):
        return "it contains whitespace: a line break, or words around the key, were copied with it"
    if "," in text:
        return "it contains a comma: two headers, or two keys, were sent as one"
    prefix = tokens.prefix(tokens.has_test_prefix(text))
    if not text.startswith(prefix):
        return _fault_of_prefix(text)
    rest = text.removeprefix(prefix)
    if not set(rest) <= set(BASE62):
        return "it contains a character that no key has: only the letters A–Z and a–z and digits follow the prefix"
    return _fault_of_length(
        len(text), len(prefix) + tokens.PUBLIC_LENGTH + tokens.SECRET_LENGTH + tokens.CHECKSUM_LENGTH
    )


def _fault_of_prefix(text: str) -> str:
    if text.lower().startswith(tokens.LIVE_PREFIX):
        return "its prefix is not in lower case: a key begins with ch_sk_ or ch_sk_test_"
    return "its prefix is wrong: a key begins with ch_sk_ or ch_sk_test_"


def _fault_of_length(length: int, whole: int) -> str:
    if length < whole:
        return f"it is cut short: {length} characters of {whole}"
    if length > whole:
        return f"it is too long: {length} characters instead of {whole}"
    return "its checksum is wrong: a character was changed, or two were swapped"
