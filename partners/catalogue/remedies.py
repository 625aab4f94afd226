"""The catalogue of remedies: what each reason code means, its usual cause, who can fix it, where and how.

Staff and partners read the same words, except where a row has other `Advice` for partners: what we have to fix, or what
names a setting of ours.
"""

from partners.catalogue.edge_remedies import EDGE_REMEDIES
from partners.catalogue.reasons import Reason
from partners.catalogue.remedy import Advice, Fixer, FixPlace, Remedy, Retry, of_request

REMEDIES: dict[Reason, Remedy] = {
    Reason.MISSING_BEARER: of_request(
        "it has no API key in its Authorization header",
        "The header is missing or doesn't use the Bearer scheme, or the key was sent elsewhere: in the query, a cookie "
        "or another header. Some HTTP clients drop the header when they follow a redirect.",
        "Send 'Authorization: Bearer <api_key>' with every call.",
    ),
    Reason.API_KEYS_DISABLED: Remedy(
        "API keys are switched off for all partners at the moment",
        "Security has turned off the global switch, usually during an incident. The key itself is fine.",
        Fixer.SECURITY,
        FixPlace.SWITCH,
        "Read the reason on the global switch's page. Turn the switch on again when the incident is over.",
        Advice(
            "We switched API keys off for all partners, usually because of an incident.",
            "Try again later. Ask us if you can't wait.",
        ),
    ),
    Reason.TEST_PREFIX_NOT_ALLOWED: of_request(
        "it was made with a test key, and only live keys are accepted here",
        "The key begins with ch_sk_test_. This deployment doesn't accept test keys.",
        "Use the live key here, and the test key in the sandbox. If there is no live key, request one.",
    ),
    Reason.MALFORMED_TOKEN: of_request(
        "the API key that was sent is not complete",
        "The key was cut off or changed when it was copied, a space or a comma was sent with it, the header was sent "
        "twice, or a variable's name was sent instead of its value.",
        "Copy the whole key again: ch_sk_ and 61 letters and digits. If there is no complete copy, request a rotation.",
    ),
    Reason.DIGEST_KEY_UNAVAILABLE: Remedy(
        "the service can't verify this API key at the moment",
        "The digest key for this API key is not loaded: its number is missing from CHARTERO_DIGEST_KEYS, or no digest "
        "key is loaded. The partner did nothing wrong.",
        Fixer.OPERATOR,
        FixPlace.DEPLOYMENT,
        "Put the digest key back into CHARTERO_DIGEST_KEYS and restart. If it is lost, rotate its API keys.",
        Advice(
            "This is an error on our side. Your key is fine.",
            "Wait and try again. If it lasts longer than an hour, send us the X-Request-ID.",
        ),
        Retry.LATER,
    ),
    Reason.INVALID_KEY: of_request(
        "the API key that was sent is unknown here",
        "The key belongs to another deployment, or its secret is not the one that was issued.",
        "Compare the 12 characters after the prefix with the issued key, and the base URL with the deployment that "
        "issued it. If in doubt, request a rotation.",
    ),
    Reason.DISABLED_KEY: Remedy(
        "the API key is disabled",
        "Staff disabled the key for now. The timeline on its page says why.",
        Fixer.SECURITY,
        FixPlace.ENABLE,
        "Enable the key again when the reason for disabling it no longer applies.",
        Advice("We disabled the key for now.", "Ask us why. Quote only the 12 characters after the prefix."),
    ),
    Reason.REVOKED_KEY: Remedy(
        "the API key has been revoked, which is final",
        "Staff revoked the key: it leaked, its system is gone, or the partner asked for it.",
        Fixer.ONBOARDING,
        FixPlace.REPLACEMENT,
        "Issue a new key and give it to the partner. The revoked key never works again.",
        Advice("We revoked the key: it leaked, its system is gone, or you asked for it.", "Ask us for a new key."),
    ),
    Reason.EXPIRED_KEY: Remedy(
        "the API key has expired",
        "The key's expiry date has passed, or the key was rotated and the partner still uses the old one.",
        Fixer.ONBOARDING,
        FixPlace.REPLACEMENT,
        "If the key was rotated, ask the partner to switch to the new key. If not, issue a new key.",
        Advice(
            "The key's expiry date has passed, or the key was rotated and the overlap is over.",
            "Switch to the new key. If you don't have one, ask us.",
        ),
    ),
    Reason.SOURCE_NOT_ALLOWED: Remedy(
        "the API key may not be used from the network that the call came from",
        "The key lists the networks that it may be used from, and the call came from another: the partner's systems "
        "moved, or somebody else has the key.",
        Fixer.ONBOARDING,
        FixPlace.NETWORKS,
        "Ask the partner whether the address is theirs. Allow the network if it is. If it isn't, the key has leaked: "
        "rotate it, and end the overlap.",
        Advice(
            "The key may only be used from networks that you named to us, and the call came from another.",
            "Call from a system in one of those networks, or tell us the new one. Your key stays the same.",
        ),
    ),
    Reason.ORG_SCOPE_ONLY_REQUIRED: Remedy(
        "the API key doesn't belong to an organization",
        "The key was issued without an organization, for another use.",
        Fixer.ONBOARDING,
        FixPlace.KEY,
        "Issue a key for the partner's organization. An existing key can't be assigned to one.",
        Advice("The key was issued without an organization.", "Ask us for a key for your organization."),
    ),
    Reason.ORGANIZATION_NOT_ALLOWLISTED: Remedy(
        "the organization is not allowlisted for this API",
        "The organization has not been allowlisted yet, or it was removed from the allowlist.",
        Fixer.ONBOARDING,
        FixPlace.ALLOWLIST,
        "Allowlist the organization if its contract allows it.",
        Advice("Your organization is not allowlisted yet, or was removed.", "Ask us. Your key stays the same."),
    ),
    Reason.ROUTE_NOT_ALLOWED: Remedy(
        "this route is not enabled for the organization",
        "Routes are off until you enable them one by one.",
        Fixer.ONBOARDING,
        FixPlace.ROUTE,
        "Enable the route for the organization if its contract covers it.",
        Advice("Routes are off until we enable them.", "Ask us to enable the route. Your key stays the same."),
    ),
    Reason.MISSING_SCOPE: Remedy(
        "the API key lacks a scope that this route requires",
        "The key was issued with fewer scopes than the partner now needs. A route requires all of its scopes.",
        Fixer.ONBOARDING,
        FixPlace.SCOPES,
        "Add the scope to the key if the partner's contract covers it. The partner keeps the same key.",
        Advice(
            "The key was issued with fewer scopes than you now need. A route requires all of its scopes.",
            "See the required scopes in the response's WWW-Authenticate header, and ask us to add what is missing. "
            "Your key stays the same.",
        ),
    ),
    Reason.RATE_LIMITED: Remedy(
        "there were too many calls in this minute",
        "The key or its organization has a limit of calls a minute, and it is reached. Or this deployment refuses a "
        "network for the rest of a minute in which it sent too many wrong keys.",
        Fixer.ONBOARDING,
        FixPlace.KEY,
        "Ask the partner to wait as Retry-After says and to spread the calls. If they need more, raise the limit. The "
        "key's page shows both limits and their use.",
        Advice(
            "Your key or your organization has a limit of calls a minute, and it is reached. Or your network sent too "
            "many calls with a wrong key.",
            "Wait the number of seconds in Retry-After, then spread your calls. Ask us if you need more.",
        ),
        Retry.LATER,
    ),
    Reason.UNSUPPORTED_FILTER: of_request(
        "the route doesn't support one of the query parameters",
        "A parameter is misspelled, in the wrong case, or from another API. Only lists take parameters.",
        "Leave the parameter out, or spell it as in the documentation. The response names it in field.",
    ),
    Reason.INVALID_LIMIT: of_request(
        "the parameter limit is not valid",
        "It is out of range, is not a plain whole number, or was sent twice.",
        "Send limit once, as a whole number from 1 to 100, or from 1 to 1000 for changes. Use offset to get more pages "
        "of encounters, and cursor to get more changes.",
    ),
    Reason.INVALID_OFFSET: of_request(
        "the parameter offset is not valid",
        "It is out of range, is not a plain whole number, or was sent twice.",
        "Send offset once, as a whole number from 0 to 10000. To go further, narrow start_at and end_at.",
    ),
    Reason.INVALID_SORT: of_request(
        "the parameter sort_order is not valid",
        "It is in upper case, names a column, or was sent twice.",
        "Send sort_order once, as asc or desc in lower case.",
    ),
    Reason.INVALID_QUERY: of_request(
        "the time window or the cursor of the query is not valid",
        "A time has no time zone, doesn't exist or was sent twice, a + was not encoded as %2B, or start_at is not "
        "earlier than end_at. Or the cursor was changed, is another organization's, or an old secret sealed it.",
        "Send start_at and end_at once, as 2026-05-25T14:00:00Z, start_at first. Send next_cursor as it came, or begin "
        "again as for cursor_expired. The response names a wrong parameter in field.",
    ),
    Reason.CURSOR_EXPIRED: of_request(
        "the changes after its cursor are no longer complete",
        "The partner did not read the changes for 90 days, or the data were restored from a backup, or staff changed "
        "whether the organization receives names.",
        "Read the changes without a cursor to the end, then the whole list. Then continue with the last cursor.",
        Advice(
            "You did not read the changes for 90 days, or we restored our data from a backup, or changed whether you "
            "receive names.",
            "Read the changes without a cursor to the end, then the whole list. Then continue with the last cursor.",
        ),
    ),
    Reason.ENCOUNTER_NOT_FOUND: of_request(
        "no encounter has this id",
        "The id is misspelled or from another deployment, or the encounter has been withdrawn since it was listed.",
        "Take encounter ids from the list. Remove encounters that are no longer listed from your copy.",
    ),
    Reason.CROSS_ORGANIZATION_DENIED: of_request(
        "the encounter doesn't belong to the API key's organization",
        "The partner is mixing up two organizations' keys.",
        "Read each encounter with a key of the organization that listed it.",
        Advice(
            "Ids and keys of two organizations are mixed up.",
            "Use a key of the organization that listed the encounter.",
        ),
    ),
    Reason.DEMO_TRAINING_DENIED: of_request(
        "the encounter is demo or training material, which this API doesn't serve",
        "The id was copied from a screen. The list never includes demo or training encounters.",
        "Take encounter ids from the list.",
    ),
    Reason.DOCUMENT_NOT_FOUND: of_request(
        "the encounter has no document with this id",
        "The id is misspelled or belongs to another encounter's document, or the document has been withdrawn.",
        "Take document ids from their encounter. Remove documents that are no longer there from your copy.",
    ),
    Reason.UNSUPPORTED_DOCUMENT_TYPE: of_request(
        "the route doesn't serve documents of this schema_type",
        "The call asks for the transcript or audio of a document that is not an ambient transcript, or for a document "
        "of a type that no route serves.",
        "Check the document's schema_type in its encounter. Only ambient_transcript has a transcript and audio.",
    ),
    Reason.TRANSCRIPT_NOT_FOUND: of_request(
        "the document has no final transcript",
        "The document is still a draft, was superseded or has no status, or it arrived without a transcript.",
        "Wait until the document's status in its encounter is completed or amended, then ask for the transcript.",
    ),
    Reason.AUDIO_NOT_FOUND: of_request(
        "the document has no recording",
        "The recording was not kept, or it has not arrived.",
        "Continue without it. If there should be a recording, send the document's id to support.",
    ),
    **EDGE_REMEDIES,
}
