"""Invented rows for the tests, all in one place."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import wraps

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from encounters.models import Document, Encounter, Patient
from partners.catalogue import routes
from partners.models import ApiKey, LimitUse, Organization, RequestRecord
from partners.models.change import Change
from partners.models.keys import labels

CHANGE = Change(by="tester", source="tests", reason="a test")
LABEL = "Invented system"
START = datetime(2026, 5, 25, 14, tzinfo=UTC)


class OrganizationFactory(DjangoModelFactory):
    """An organization that may call every route."""

    class Meta:
        model = Organization
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Invented Practice {number}")
    allowlisted = True

    @factory.post_generation
    def routes(self, create, extracted, **kwargs):
        self.set_access(CHANGE, enable=routes.Route.grantable() if extracted is None else extracted)


class PatientFactory(DjangoModelFactory):
    class Meta:
        model = Patient

    organization = factory.SubFactory(OrganizationFactory)
    first_name = "Invented"
    last_name = factory.Sequence(lambda number: f"Patient{number}")
    date_of_birth = date(1970, 1, 1)


class EncounterFactory(DjangoModelFactory):
    """A clinical encounter; a minute lies between one and the next."""

    class Meta:
        model = Encounter

    organization = factory.SubFactory(OrganizationFactory)
    patient = factory.SubFactory(PatientFactory, organization=factory.SelfAttribute("..organization"))
    encounter_type = "ambient"
    status = "completed"
    record_class = "clinical"
    created_at = factory.Sequence(lambda number: START + timedelta(minutes=number))
    updated_at = factory.SelfAttribute("created_at")
    date_of_service = factory.SelfAttribute("created_at")


class DocumentFactory(DjangoModelFactory):
    class Meta:
        model = Document

    encounter = factory.SubFactory(EncounterFactory)
    schema_type = "ambient_transcript"
    title = "Ambient transcript"
    status = "completed"
    workflow_variant = "ambient"
    audio_duration_seconds = 842.4
    created_at = factory.SelfAttribute("encounter.created_at")


class RequestRecordFactory(DjangoModelFactory):
    """The record of an answer just given: a page of the list, which held what `encounters` and `patients` say."""

    class Meta:
        model = RequestRecord

    occurred_at = factory.LazyFunction(timezone.now)
    api_key = factory.LazyFunction(lambda: issue(OrganizationFactory())[0])
    organization = factory.SelfAttribute("api_key.organization")
    method = "GET"
    route = "encounters.list"
    resource = ""
    query = "limit=50&offset=0&sort_order=desc"
    status = 200
    reason_code = ""
    count = factory.LazyAttribute(lambda record: len(record.encounters))
    microseconds = 1500
    address = "198.51.100.7"
    new_network = False
    encounters = factory.LazyFunction(list)
    patients = factory.LazyFunction(list)


def _unless_believed(function: Callable[..., object], instead: Callable[..., object]) -> Callable[..., object]:
    @wraps(function)
    def run(*arguments, **options):
        return (instead if BELIEVED.get() else function)(*arguments, **options)

    return run


# To check a key's values takes most of the time of its issue. Those that all tests share are good.
BELIEVED = ContextVar("believed", default=False)
ApiKey.full_clean = _unless_believed(ApiKey.full_clean, lambda key, exclude=None: key.clean_fields(exclude))
labels.refuse_twin = _unless_believed(labels.refuse_twin, lambda *given: None)


def issue(organization=None, *, scopes=tuple(routes.Scope), label=LABEL, **values) -> tuple[ApiKey, str]:
    """Return a key, with every scope unless told otherwise, and the text of its token."""
    outside = BELIEVED.set(label == LABEL and not values)
    try:
        key, token = ApiKey.issue(CHANGE, organization=organization, label=label, scopes=scopes, **values)
    finally:
        BELIEVED.reset(outside)
    return key, token.text


def limit(row: ApiKey | Organization, calls: int, *, used: int = 0) -> None:
    """Limit a key or an organization, in a minute that doesn't end during the test."""
    row.set_limit(CHANGE, calls)
    LimitUse.objects.create(subject=row.public_id, minute=timezone.now() + timedelta(days=1), calls=used)
