"""The catalogue of advice: of each reason code what usually causes it, and what a partner's engineer does about it.

What the code means and whether to try again, staff and partners read in the same words: those of
`partners.catalogue.remedies`.
"""

from dataclasses import dataclass

from partners.catalogue.reasons import Reason


@dataclass(frozen=True, slots=True)
class Advice:
    """The usual cause of a refusal as a partner sees it, and what to do."""

    cause: str
    to_do: str


def _fix_parameter(cause: str, to_do: str) -> Advice:
    return Advice(cause, f"{to_do} The answer names the parameter in field.")


ADVICE: dict[Reason, Advice] = {
    Reason.MISSING_BEARER: Advice(
        "The header is missing or has another scheme than Bearer, or the key went another way: in the query, in a "
        "cookie, in a header of another name. Some HTTP clients drop the header when they follow a redirect.",
        "Send the header Authorization: Bearer <api_key> with every call.",
    ),
    Reason.API_KEYS_DISABLED: Advice(
        "We have switched API keys off for all partners, mostly during an incident. Nothing is wrong with your key.",
        "Stop, and start again later. Ask us if it lasts longer than you can wait.",
    ),
    Reason.TEST_PREFIX_NOT_ALLOWED: Advice(
        "The key begins with ch_sk_test_, and this deployment takes live keys only.",
        "Send the live key here and the test key to the sandbox. Ask us for a live key if you have none.",
    ),
    Reason.MALFORMED_TOKEN: Advice(
        "The key was cut short or changed when it was copied, a blank, a comma or a line break came with it, the "
        "header was sent twice, or the name of a variable was sent in place of its value.",
        "Copy the whole key again. If no whole copy is left, ask us to rotate it: nobody can show a key a second time.",
    ),
    Reason.DIGEST_KEY_UNAVAILABLE: Advice(
        "A fault on our side. Nothing is wrong with your key.",
        "Wait and try again. If it lasts for more than an hour, tell us the X-Request-ID.",
    ),
    Reason.INVALID_KEY: Advice(
        "The key belongs to another deployment, or its secret is not the one that was issued.",
        "Compare the 12 characters after the prefix, and the base URL, with what was handed over to you.",
    ),
    Reason.DISABLED_KEY: Advice(
        "We have disabled the key for now, and may enable it again.",
        "Stop, and ask us why. Quote the 12 characters after the prefix, never the whole key.",
    ),
    Reason.REVOKED_KEY: Advice(
        "We have ended the key for good: it leaked, its system was given up, or you asked for it.",
        "Stop, and ask us for a new key. This one never works again.",
    ),
    Reason.EXPIRED_KEY: Advice(
        "The end date of the key has passed, or the key was rotated and the time of overlap is over.",
        "Change to the successor of the key. If there is none, ask us for a new key.",
    ),
    Reason.ORG_SCOPE_ONLY_REQUIRED: Advice(
        "The key was issued for another use, without an organization.",
        "Ask us for a key of your organization.",
    ),
    Reason.ORGANIZATION_NOT_ALLOWLISTED: Advice(
        "Your organization has not been opened for the API yet, or it has been closed.",
        "Ask us. Your key stays the same.",
    ),
    Reason.ROUTE_NOT_ALLOWED: Advice(
        "Each route is enabled for each organization by itself, and none is from the start.",
        "Ask us to enable the route for your organization. Your key stays the same.",
    ),
    Reason.MISSING_SCOPE: Advice(
        "The key was issued for less than you now call. A route needs every one of its scopes.",
        "Read the scopes of the route in the header WWW-Authenticate of the answer, and ask us to add what is missing. "
        "Your key stays the same.",
    ),
    Reason.UNSUPPORTED_FILTER: _fix_parameter(
        "A parameter is misspelt, in another case, or of another API. Only the list takes parameters at all.",
        "Leave it out, or spell it as these pages do.",
    ),
    Reason.INVALID_LIMIT: _fix_parameter(
        "limit is out of range, is not a plain whole number, or came twice.",
        "Send it once, in plain digits, and page on with offset.",
    ),
    Reason.INVALID_OFFSET: _fix_parameter(
        "offset is out of range, is not a plain whole number, or came twice.",
        "Send it once, in plain digits. To get beyond the largest offset, use smaller windows.",
    ),
    Reason.INVALID_SORT: _fix_parameter(
        "sort_order is in upper case, names a column, or came twice.",
        "Send it once, as asc or desc.",
    ),
    Reason.INVALID_QUERY: Advice(
        "A time has no zone or does not exist, a + was not encoded as %2B, a time came twice, or start_at is not "
        "earlier than end_at.",
        "Send each time once, as 2026-05-25T14:00:00Z. Where one parameter is at fault, the answer names it in field; "
        "for a window that ends before it starts, field is null.",
    ),
    Reason.ENCOUNTER_NOT_FOUND: Advice(
        "The id is misspelt or of another deployment, or the encounter has been withdrawn since it was listed.",
        "Take ids from the list. Remove from your copy what is no longer there.",
    ),
    Reason.CROSS_ORGANIZATION_DENIED: Advice(
        "Ids and keys of two organizations have been mixed up.",
        "Call with the key of the organization from whose list the id comes.",
    ),
    Reason.DEMO_TRAINING_DENIED: Advice(
        "The id comes from a screen and not from the list, which never has demo or training encounters.",
        "Take ids from the list.",
    ),
    Reason.DOCUMENT_NOT_FOUND: Advice(
        "The id is misspelt or is that of another encounter's document, or the document has been withdrawn since.",
        "Take document ids from their encounter. Remove from your copy what it no longer has.",
    ),
    Reason.UNSUPPORTED_DOCUMENT_TYPE: Advice(
        "You asked for a transcript or audio of a document that is not an ambient transcript, or for a document of a "
        "type that this version of the API does not serve.",
        "Look at schema_type in the encounter before you ask.",
    ),
    Reason.TRANSCRIPT_NOT_FOUND: Advice(
        "The document is not final yet, it has been superseded, or it came without a transcript.",
        "Ask again once the status of the document in its encounter is completed or amended.",
    ),
    Reason.AUDIO_NOT_FOUND: Advice(
        "The recording was not kept, or it has not arrived.",
        "Go on without it. If there should be one, tell us the id of the document.",
    ),
    Reason.HTTPS_REQUIRED: Advice(
        "The base URL begins with http:// and not with https://. Nothing is redirected.",
        "Change the base URL. Ask us to rotate the key: anybody on the way may have read it.",
    ),
    Reason.ROUTE_NOT_FOUND: Advice(
        "The path is misspelt, ends with a slash, or names another version.",
        "Compare it with these pages, letter by letter.",
    ),
    Reason.METHOD_NOT_ALLOWED: Advice(
        "The client sends POST, as many do when a body is given, or a browser asks by OPTIONS.",
        "Send GET or HEAD without a body, from a server and not from a browser.",
    ),
    Reason.BAD_REQUEST: Advice(
        "The base URL is misspelt or of another deployment, a proxy changes the Host header, or the request breaks "
        "HTTP: its path is not percent-encoded, its first line is longer than 8,190 bytes, it has over 100 headers.",
        "Call the base URL that was handed over with the key, and percent-encode what you put into it.",
    ),
    Reason.SERVICE_UNAVAILABLE: Advice(
        "A fault or a moment of load on our side. Your call was valid, as far as we could tell.",
        "Wait and try again. If it lasts for more than an hour, tell us the X-Request-ID.",
    ),
    Reason.INTERNAL_ERROR: Advice(
        "A fault on our side, which we find in our log by the X-Request-ID.",
        "Tell us the X-Request-ID.",
    ),
}
