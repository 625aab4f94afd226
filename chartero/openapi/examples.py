"""Example responses of the routes. All data is invented."""

from typing import Any

from encounters.api.filters import EncounterFilter
from partners.catalogue.reasons import Reason
from partners.catalogue.routes import Route

ORGANIZATION_ID = "org_6nB3vX9cZm2Qa5Ws8Ed1Rf"
ENCOUNTER_ID = "enc_4rT9wQ2mZx7Lc1Vb8Ny0Kd"
NOTE_ID, TRANSCRIPT_ID = "doc_2hG5sJ8kPq3Wn6Xr9Tz1Yf", "doc_7bM4vC1xRd8Fs0Gh5Lp2Ku"
SECONDS = 842.4
CURSOR = "vQ3mT8xK1sZ6yB0nR5dW2hJ9fL4cP7gA-uE_iO1qX8tM3kV6zY0bN5rD2wH9jF4l"

TRANSCRIPT = {
    "document_id": TRANSCRIPT_ID,
    "schema_type": "ambient_transcript",
    "title": "Ambient transcript",
    "status": "completed",
    "workflow_variant": "ambient",
    "audio_duration_seconds": SECONDS,
}
ENCOUNTER = {
    "encounter_id": ENCOUNTER_ID,
    "organization_id": ORGANIZATION_ID,
    "encounter_type": "ambient",
    "status": "completed",
    "created_at": "2026-05-25T14:00:00Z",
    "updated_at": "2026-05-25T15:00:00.250000Z",
    "date_of_service": "2026-05-25T14:00:00Z",
    "patient": {
        "patient_id": "pat_1qA7wS4eD9rF2tG6yH3uJ8",
        "first_name": "Fenna",
        "last_name": "Brightwater",
        "date_of_birth": "1970-01-01",
    },
    "documents": [TRANSCRIPT],
}
NOTE = {
    "document_id": NOTE_ID,
    "encounter_id": ENCOUNTER_ID,
    "schema_type": "document",
    "title": "Follow-up visit",
    "status": "completed",
    "workflow_variant": None,
    "created_at": "2026-05-25T14:30:00Z",
    "updated_at": "2026-05-25T14:30:00Z",
    "content": {"format": "markdown", "text": "# Follow-up visit\n\nThe cough is gone."},
}
TURNS = [
    {"speaker": "clinician", "start": 0.0, "end": 2.4, "text": "Good afternoon. How are you today?"},
    {"speaker": "patient", "start": 2.9, "end": 4.1, "text": "Much better."},
]

KEY = {
    "key_id": "key_8uJ2nB5vG7yT1rE4wQ9zXc",
    "public_part": "ch_sk_3fK9sLm2Qx7V",
    "label": "EHR sync",
    "kind": "live",
    "organization_id": ORGANIZATION_ID,
    "scopes": [scope.value for scope in Route.ENCOUNTERS_LIST.scopes],
    "issued_at": "2026-05-01T09:00:00Z",
    "expires_at": "2027-05-01T09:00:00Z",
    "rotated_at": None,
    "routes": [
        {"route": route.route_name, "allowed": reason_code is None, "reason_code": reason_code}
        for route, reason_code in {
            Route.ENCOUNTERS_LIST: None,
            Route.ENCOUNTERS_DETAIL: None,
            Route.DOCUMENTS_DETAIL: None,
            Route.DOCUMENTS_TRANSCRIPT: Reason.ROUTE_NOT_ALLOWED.code,
            Route.DOCUMENTS_AUDIO: Reason.MISSING_SCOPE.code,
            Route.CHANGES_LIST: None,
        }.items()
    ],
}

BODIES: dict[Route, dict[str, Any]] = {
    Route.ENCOUNTERS_LIST: {
        "items": [ENCOUNTER],
        "limit": EncounterFilter.base_filters["limit"].default,
        "offset": EncounterFilter.base_filters["offset"].default,
        "total": 1,
    },
    Route.ENCOUNTERS_DETAIL: {"encounter": ENCOUNTER},
    Route.DOCUMENTS_DETAIL: {"document": NOTE},
    Route.DOCUMENTS_TRANSCRIPT: {
        "encounter_id": ENCOUNTER_ID,
        "document_id": TRANSCRIPT_ID,
        "transcript": {"provider": "Invented Scribe", "audio_duration_seconds": SECONDS, "turns": TURNS},
    },
    Route.DOCUMENTS_AUDIO: {
        "audio_url": "https://recordings.example/fenna.flac?signature=7c1d",
        "expires_at": "2026-05-25T15:05:00Z",
    },
    Route.CHANGES_LIST: {
        "items": [{"encounter_id": ENCOUNTER_ID, "change": "updated", "changed_at": "2026-05-25T15:00:01.104000Z"}],
        "next_cursor": CURSOR,
        "has_more": False,
    },
    Route.KEY_READ: {"key": KEY},
}
