"""What the developer pages show from the catalogues: routes, scopes, parameters, limits, codes, this deployment."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chartero.docs import changelog
from chartero.docs.reference import objects, operations
from chartero.docs.reference import webhooks as reference_webhooks
from chartero.openapi import webhooks
from chartero.openapi.headers import ALWAYS
from encounters.api.filters import ChangeFilter, EncounterFilter
from encounters.api.policy import CHANGES_POLICY, DOCUMENT_POLICIES, ENCOUNTER_POLICY
from encounters.changes.pruning import KEPT
from encounters.importing.reading.limits import LONGEST_TEXT
from encounters.recordings import storage as recordings
from partners.api.filters import FIELD_LENGTH
from partners.api.responses import ALLOWED_METHODS, LONGEST_WAIT, RETRY_AFTER_SECONDS, error_headers
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.remedy import Remedy, Retry
from partners.catalogue.routes import Route, Scope
from partners.decision.policy import Rule
from partners.keys import tokens

# The reason codes with which the changes refuse a query, in the order of the checks.
CHANGES_QUERY = list(
    dict.fromkeys(
        [*(check.reason for check in ChangeFilter.read("").checks), *(rule.reason for rule in CHANGES_POLICY)]
    )
)


@dataclass(frozen=True, slots=True)
class Explained:
    """A reason code with everything that the pages say about it."""

    reason: Reason
    remedy: Remedy

    @property
    def again(self) -> str:
        """Return in a word or two whether to retry the call."""
        return {Retry.NOT_AS_IT_IS: "No", Retry.LATER: "Yes, later", Retry.ONCE: "Once"}[self.remedy.retry]


@dataclass(frozen=True, slots=True)
class DocumentedParameter:
    """A query parameter as the pages show it. A template would call the grammar itself."""

    name: str
    default: int | str | None
    meaning: str
    words: str
    reason: Reason


def explained(reason: Reason) -> Explained:
    """Return what the pages say about a reason code."""
    return Explained(reason, REMEDIES[reason])


def everything(base_url: str) -> dict[str, Any]:
    """Return everything that a page can show."""
    return {
        "base_url": base_url,
        "environment": settings.ENVIRONMENT,
        "accepts_test_keys": settings.ACCEPT_TEST_KEYS,
        "live_prefix": tokens.LIVE_PREFIX,
        "test_prefix": tokens.TEST_PREFIX,
        "token": tokens,
        "shareable": len(tokens.LIVE_PREFIX) + tokens.PUBLIC_LENGTH,
        "routes": list(Route),
        "scopes": list(Scope),
        "methods": ALLOWED_METHODS,
        "parameters": parameters(),
        "largest_limit": largest("limit"),
        "largest_offset": largest("offset"),
        "reach": largest("offset") + largest("limit"),
        "stages": [(stage, of_stage(stage)) for stage in Stage],
        **{stage.value: of_stage(stage) for stage in Stage},
        "reference": operations.groups(),
        "objects": objects.every(),
        "webhooks": reference_webhooks.every(),
        "webhook_tolerance": webhooks.TOLERANCE,
        "routes_of_first": changelog.routes_of_first(),
        "additions": changelog.additions(),
        "added_reasons": [explained(reason) for reason in changelog.additions().reasons],
        "headers": ALWAYS,
        "missing_scope": error_headers(Reason.MISSING_SCOPE, Route.ENCOUNTERS_LIST.scopes),
        "field_length": FIELD_LENGTH,
        "retry_after": RETRY_AFTER_SECONDS,
        "changes_kept": KEPT.days,
        "changes_query": [explained(reason) for reason in CHANGES_QUERY],
        "longest_wait": LONGEST_WAIT,
        "longest_note": f"{LONGEST_TEXT // 1024**2} MiB",
        "audio_types": sorted(set(recordings.MEDIA_TYPES.values())),
        "contact_email": settings.CONTACT_EMAIL,
        "audio_lifetime": recordings.lifetime(settings.AUDIO_URL_SECONDS),
    }


def of_stage(stage: Stage) -> list[Explained]:
    """Return the reason codes of a stage, in the order of the checks."""
    return [explained(reason) for reason in Reason if reason.stage is stage]


def of_resource(route: Route) -> list[Reason]:
    """Return the reason codes with which a route refuses a resource, in the order of the checks."""
    rules: tuple[Rule[Any], ...] = DOCUMENT_POLICIES.get(route, ENCOUNTER_POLICY)
    return [rule.reason for rule in rules]


def parameters() -> list[DocumentedParameter]:
    """Return the parameters of the list in the order of their checks."""
    return [
        DocumentedParameter(name, each.default, each.meaning, each.grammar.words, each.reason)
        for name, each in EncounterFilter.base_filters.items()
    ]


def largest(parameter: str) -> int:
    """Return the largest number that a parameter accepts."""
    return int(EncounterFilter.base_filters[parameter].grammar.schema["maximum"])
