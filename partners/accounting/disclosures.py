"""The accounting of disclosures of one patient's data: when, to whom, what, and for what purpose (45 CFR 164.528)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Case, Count, F, Max, Min, QuerySet, Value, When

from partners.accounting.names import Names
from partners.accounting.periods import Period
from partners.accounting.purposes import Purposes
from partners.catalogue.routes import Route
from partners.identifiers import matcher
from partners.models import ApiKey, Organization, RequestRecord
from partners.models.change import Action, Change, ChangeEvent
from partners.record import subjects
from partners.record.subjects import Restricted, Subject

CHUNK = 1_000
_ENCOUNTER = "Encounter: type, status, times, name, date of birth, document titles"
_NAMELESS = "Encounter: type, status, times, document titles"
DISCLOSED = {
    Route.ENCOUNTERS_LIST: f"{_ENCOUNTER} (in a list)",
    Route.ENCOUNTERS_DETAIL: _ENCOUNTER,
    Route.DOCUMENTS_DETAIL: "Document: title, times, text",
    Route.DOCUMENTS_TRANSCRIPT: "Transcript of a recorded encounter",
    Route.DOCUMENTS_AUDIO: "Link to the recording of an encounter",
    Route.CHANGES_LIST: "Pointer to an encounter that changed: its id and the time",
}
# To an organization that receives no names and dates of birth.
DISCLOSED_WITHOUT_NAMES = DISCLOSED | {
    Route.ENCOUNTERS_LIST: f"{_NAMELESS} (in a list)",
    Route.ENCOUNTERS_DETAIL: _NAMELESS,
}
_WORDS = {
    (route.route_name, named): words
    for named, disclosed in ((True, DISCLOSED), (False, DISCLOSED_WITHOUT_NAMES))
    for route, words in disclosed.items()
}
_is_patient_id = matcher("pat")


class _Row(NamedTuple):
    """The columns that are read of a record. Model instances would take half as long again."""

    occurred_at: datetime
    request_id: str
    api_key: int
    route: str
    encounters: list[int]
    document: int | None


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One answer with the patient's data. `encounters` are the public ids of this patient's encounters in it."""

    occurred_at: datetime
    key: ApiKey
    what: str
    encounters: list[str]
    document: str | None
    purpose: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Total:
    """Repeated disclosures of one kind for one purpose: first, last and number (45 CFR 164.528(b)(3))."""

    purpose: str
    what: str
    first: datetime
    last: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Accounting:
    """The disclosures of one patient's data in a period. All went to the organization that the patient belongs to."""

    patient_id: str
    organization: Organization
    period: Period
    totals: list[Total]
    _patient: int
    _purposes: Purposes
    _names: Names

    @classmethod
    def ask(cls, change: Change, patient_id: str, period: Period, *, form: str) -> "Accounting":
        """Record who asks for the accounting and why, then return it. `form` is "page", "CSV" and so on.

        Raises ValidationError without a reason, or if there is no such patient.
        """
        if not change.reason.strip():
            raise ValidationError("Give a reason for this request.", code="reason_required")
        patient = subjects.find_pk(Subject.PATIENT, patient_id) if _is_patient_id(patient_id) else None
        if patient is None:
            raise ValidationError(
                "There is no patient with this id. It is pat_ and 22 letters and digits, as the partner receives it.",
                code="patient_not_found",
            )
        organization = Organization.objects.get(pk=subjects.organization_of(patient))
        purposes, names = Purposes.of(organization), Names.of(organization)
        totals = _totals(_records(patient, organization, period), purposes, names)
        accounting = cls(patient_id, organization, period, totals, patient, purposes, names)
        accounting._keep(change, form)
        return accounting

    @property
    def number(self) -> int:
        """Return the number of disclosures."""
        return sum(total.number for total in self.totals)

    @property
    def restrictions(self) -> list[Restricted]:
        """Return what was restricted of the patient's record, whenever that was."""
        return subjects.restrictions_of(self._patient)

    def disclosures(self, limit: int | None = None) -> Iterator[Disclosed]:
        """Yield the disclosures, or the first `limit` of them, from the oldest."""
        records = _records(self._patient, self.organization, self.period)[:limit]
        rows = records.values_list(*_Row._fields).iterator(chunk_size=CHUNK)
        own = subjects.encounters_of(self._patient)
        while chunk := [_Row._make(row) for row in islice(rows, CHUNK)]:
            yield from self._disclosed(chunk, own)

    def _disclosed(self, rows: list[_Row], own: dict[int, str]) -> Iterator[Disclosed]:
        keys = ApiKey.objects.in_bulk({row.api_key for row in rows})
        documents = subjects.public_ids(Subject.DOCUMENT, [row.document for row in rows if row.document])
        # The only encounter of an answer was this patient's then, even if it was later moved to another patient.
        alone = subjects.public_ids(Subject.ENCOUNTER, [row.encounters[0] for row in rows if len(row.encounters) == 1])
        for row in rows:
            names = alone if len(row.encounters) == 1 else own
            yield Disclosed(
                occurred_at=row.occurred_at,
                key=keys[row.api_key],
                what=_words(row.route, named=self._names.at(row.occurred_at)),
                encounters=[names[pk] for pk in row.encounters if pk in names],
                document=documents.get(row.document) if row.document else None,
                purpose=self._purposes.at(row.occurred_at),
                request_id=row.request_id,
            )

    def _keep(self, change: Change, form: str) -> None:
        after = {
            "patient_id": self.patient_id,
            "from": self.period.start.isoformat(),
            "to": self.period.end.isoformat(),
            "number": self.number,
            "form": form,
        }
        with transaction.atomic(durable=True):
            ChangeEvent.record(Action.DISCLOSURES_ACCOUNTED, change, organization=self.organization, after=after)


def _records(patient: int, organization: Organization, period: Period) -> QuerySet[RequestRecord]:
    """Return the answers with the patient's data, from the oldest.

    On PostgreSQL, the index of patients must find them. The planner misjudges their number and would walk the whole
    index of an organization or of time. So both conditions are written as expressions that no index matches. SQLite has
    no index of patients, and reads the organization's rows of the period.
    """
    hidden = connection.vendor == "postgresql"
    records = RequestRecord.objects.alias(
        recipient=F("organization_id") + 0 if hidden else F("organization_id"),
        moment=F("occurred_at") + timedelta(0) if hidden else F("occurred_at"),
    )
    return records.filter(
        patients__holds=patient, recipient=organization.pk, moment__gte=period.start, moment__lt=period.end
    ).order_by("moment", "pk")


def _totals(records: QuerySet[RequestRecord], purposes: Purposes, names: Names) -> list[Total]:
    """Return the totals by purpose and by what was disclosed, from the earliest."""
    moments = sorted({*purposes.moments, *names.moments})
    spans = [When(occurred_at__lt=moment, then=Value(place)) for place, moment in enumerate(moments)]
    found = records.annotate(span=Case(*spans, default=Value(len(spans)))).order_by("span").values("span", "route")
    totals: dict[tuple[str, str], Total] = {}
    for row in found.annotate(number=Count("pk"), first=Min("occurred_at"), last=Max("occurred_at")):
        kind = purposes.at(row["first"]), _words(row["route"], named=names.at(row["first"]))
        before = totals.get(kind, Total(*kind, row["first"], row["last"], 0))
        totals[kind] = Total(*kind, before.first, row["last"], before.number + row["number"])
    return sorted(totals.values(), key=lambda total: total.first)


def _words(route: str, *, named: bool) -> str:
    return _WORDS.get((route, named), route)
