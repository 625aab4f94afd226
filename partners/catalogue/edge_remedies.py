"""The remedies of the reason codes outside the order of checks. `remedies` has them all."""

from partners.catalogue.reasons import Reason
from partners.catalogue.remedy import Advice, Fixer, FixPlace, Remedy, Retry, of_request

EDGE_REMEDIES: dict[Reason, Remedy] = {
    Reason.HTTPS_REQUIRED: of_request(
        "it came over plain http, where others can read the API key",
        "The base URL begins with http://. If it doesn't, the proxy doesn't tell this deployment that https was used: "
        "the operator should check CHARTERO_BEHIND_PROXY.",
        "Use https:// instead of http://. Have the API key rotated, because it was sent unencrypted.",
        Advice(
            "The base URL begins with http:// instead of https://.",
            "Change the base URL. Ask us to rotate the key: others may have read it.",
        ),
    ),
    Reason.ROUTE_NOT_FOUND: of_request(
        "no route has this path",
        "The path is misspelled, ends with a slash, or names another version.",
        "Compare the path with the documentation. No path ends with a slash.",
    ),
    Reason.METHOD_NOT_ALLOWED: of_request(
        "this API supports GET and HEAD only",
        "The client sends POST, which many do when a body is given, or a browser sends OPTIONS.",
        "Send GET without a body, from a server and not from a browser.",
    ),
    Reason.BAD_REQUEST: of_request(
        "it can't be read, or names a host that this deployment doesn't serve",
        "The base URL is misspelled or from another deployment, a proxy changes the Host header, the request line is "
        "longer than 8,190 bytes, there are more than 100 headers, or the path is not percent-encoded.",
        "Use the base URL that came with the key. If it is already in use, the operator adds its host to "
        "CHARTERO_ALLOWED_HOSTS.",
        Advice(
            "The base URL is misspelled or from another deployment, a proxy changes the Host header, the request line "
            "is longer than 8,190 bytes, there are more than 100 headers, or the path is not percent-encoded.",
            "Use the base URL that came with your key, and percent-encode what you add to it.",
        ),
    ),
    Reason.SERVICE_UNAVAILABLE: Remedy(
        "the service is busy or can't reach its database",
        "The database is down, locked or overloaded, or it has not been migrated.",
        Fixer.OPERATOR,
        FixPlace.DEPLOYMENT,
        "Find the X-Request-ID in the log. Check the database, and that all migrations have run.",
        Advice(
            "An error or high load on our side.",
            "Wait and try again. If it lasts longer than an hour, send us the X-Request-ID.",
        ),
        Retry.LATER,
    ),
    Reason.INTERNAL_ERROR: Remedy(
        "the service itself failed",
        "This is a bug in the service. The log shows where it happened, under the response's X-Request-ID.",
        Fixer.SUPPORT,
        FixPlace.DEPLOYMENT,
        "Ask the partner for the X-Request-ID and give it to the operator, who can find the error in the log.",
        Advice("This is an error on our side.", "Send us the X-Request-ID, so that we can find the error in our log."),
        Retry.ONCE,
    ),
}
