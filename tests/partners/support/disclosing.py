"""A patient, and answers on record that disclosed the patient's data."""

from datetime import timedelta

from django.utils import timezone

from partners.models import ApiKey, RequestRecord
from tests.factories import EncounterFactory, PatientFactory, RequestRecordFactory, issue


class Told:
    """A patient of an organization whose key reads."""

    def __init__(self, organization) -> None:
        self.organization = organization
        self.patient = PatientFactory(organization=organization)
        self.key: ApiKey = issue(organization)[0]

    @property
    def id(self) -> str:
        return self.patient.public_id

    def encounter(self, **values):
        return EncounterFactory(organization=self.organization, patient=self.patient, **values)

    def record(self, *encounters, patients=None, ago=timedelta(days=1), at=None, **values) -> RequestRecord:
        """Put an answer on record that held these encounters, and by default this patient alone."""
        return RequestRecordFactory(
            api_key=values.pop("api_key", self.key),
            occurred_at=at or timezone.now() - ago,
            encounters=[each.pk for each in encounters],
            patients=[each.pk for each in patients or [self.patient]],
            **values,
        )


def days(number: int) -> timedelta:
    return timedelta(days=number)
