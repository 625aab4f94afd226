"""The catalogue of routes and scopes: what partners can call, and what a key can read."""

from enum import Enum, StrEnum

OPEN = True


class Scope(StrEnum):
    """What a key may read. Scopes are additive."""

    description: str

    def __new__(cls, value: str, description: str) -> "Scope":
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    ENCOUNTERS_READ = "encounters:read", "Encounters: type, status and times"
    PATIENTS_READ = "patients:read", "Patients: names and dates of birth"
    DOCUMENTS_READ = "documents:read", "Documents: titles, status and content"
    RECORDINGS_READ = "recordings:read", "Recordings: the audio of ambient encounters"


class Route(Enum):
    """One route: its stable name, its path under `/external/v1/`, and the scopes that it requires, in order.

    Staff enable routes for organizations. An open route is not enabled: it requires a valid key and nothing else.
    """

    ENCOUNTERS_LIST = (
        "encounters.list",
        "encounters",
        (Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ),
    )
    ENCOUNTERS_DETAIL = (
        "encounters.detail",
        "encounters/<str:encounter_id>",
        (Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ),
    )
    DOCUMENTS_DETAIL = (
        "documents.detail",
        "encounters/<str:encounter_id>/documents/<str:document_id>",
        (Scope.ENCOUNTERS_READ, Scope.DOCUMENTS_READ),
    )
    DOCUMENTS_TRANSCRIPT = (
        "documents.transcript",
        "encounters/<str:encounter_id>/documents/<str:document_id>/transcript",
        (Scope.ENCOUNTERS_READ, Scope.DOCUMENTS_READ),
    )
    DOCUMENTS_AUDIO = (
        "documents.audio",
        "encounters/<str:encounter_id>/documents/<str:document_id>/audio",
        (Scope.ENCOUNTERS_READ, Scope.DOCUMENTS_READ, Scope.RECORDINGS_READ),
    )
    CHANGES_LIST = (
        "changes.list",
        "changes",
        (Scope.ENCOUNTERS_READ, Scope.PATIENTS_READ, Scope.DOCUMENTS_READ),
    )
    KEY_READ = "key.read", "key", (), OPEN

    def __init__(self, route_name: str, path: str, scopes: tuple[Scope, ...], is_open: bool = False) -> None:
        self.route_name = route_name
        self.path = path
        self.scopes = scopes
        self.is_open = is_open

    @classmethod
    def named(cls, route_name: str) -> "Route":
        """Return the route with this name; KeyError if there is none."""
        return _BY_NAME[route_name]

    @classmethod
    def grantable(cls) -> tuple["Route", ...]:
        """Return the routes that staff enable for organizations: all but the open ones."""
        return tuple(route for route in cls if not route.is_open)


_BY_NAME = {route.route_name: route for route in Route}
