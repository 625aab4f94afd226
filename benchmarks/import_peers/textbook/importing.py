"""One import: read, validate and write in batches. What fails validation or refers to nothing known is listed."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import models, transaction
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.encounter import Encounter as FhirEncounter
from fhir.resources.R4B.organization import Organization as FhirOrganization
from fhir.resources.R4B.patient import Patient as FhirPatient
from pydantic import ValidationError

from benchmarks.import_peers.textbook import mapping
from benchmarks.import_peers.textbook.models import Document, Encounter, Imported, Organization, Patient

BATCH = 500
Save = Callable[[type[Imported], Organization, list[dict[str, Any]]], None]


def in_bulk(model: type[Imported], organization: Organization, found: list[dict[str, Any]]) -> None:
    """Write what is new or newer with one statement."""
    known = dict(
        model.objects.filter(
            organization=organization, source_id__in=[each["source_id"] for each in found]
        ).values_list("source_id", "updated_at")
    )
    newer = [each for each in found if each["source_id"] not in known or known[each["source_id"]] < each["updated_at"]]
    if newer:
        model.objects.bulk_create(
            [model(organization=organization, **each) for each in newer],
            update_conflicts=True,
            unique_fields=["organization", "source_id"],
            update_fields=[name for name in newer[0] if name != "source_id"],
        )


def row_by_row(model: type[Imported], organization: Organization, found: list[dict[str, Any]]) -> None:
    """Write each row as Django's documentation says."""
    for each in found:
        identity = {"organization": organization, "source_id": each["source_id"]}
        model.objects.update_or_create(**identity, defaults=each)


class Import:
    """One import of a folder."""

    def __init__(self, folder: Path, organization: Organization, save: Save) -> None:
        self.folder, self.organization, self.save = folder, organization, save
        self.exported_at = datetime.fromisoformat(json.loads((folder / "manifest.json").read_text())["transactionTime"])
        self.rejected: list[tuple[str, int, str]] = []

    def run(self) -> None:
        """Import patients, encounters and documents."""
        self.organizations = {each.id: each.name for _, each in self.resources("Organization", FhirOrganization)}
        self.load(Patient, "Patient", FhirPatient, lambda resource: mapping.patient(resource))
        self.load(
            *(Encounter, "Encounter", FhirEncounter),
            lambda resource: mapping.encounter(resource, self.organizations),
            parent=("patient", Patient, lambda resource: resource.subject),
        )
        self.load(
            *(Document, "DocumentReference", DocumentReference, mapping.document),
            parent=("encounter", Encounter, lambda resource: resource.context and resource.context.encounter[0]),
        )

    def resources(self, name: str, model: Any) -> Iterator[tuple[str, Any]]:
        """Yield the valid resources of a type, each with its place."""
        for path in sorted(self.folder.glob(f"{name}*.ndjson.gz")):
            with gzip.open(path, "rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        yield f"{path.name}:{number}", model.model_validate_json(line)
                    except ValidationError as fault:
                        self.rejected.append((path.name, number, str(fault)))

    def load(
        self, model: type[Imported], name: str, fhir: Any, mapped: Callable[[Any], Any], parent: Any = None
    ) -> None:
        """Import the resources of a type, batch by batch."""
        resources = self.resources(name, fhir)
        while batch := list(islice(resources, BATCH)):
            with transaction.atomic():
                found = {each.id: mapped(each) | self.version(each) for _, each in batch}
                if parent:
                    self.relate(found, batch, *parent)
                self.save(model, self.organization, list(found.values()))

    def version(self, resource: Any) -> dict[str, Any]:
        """Return the id of a resource and when it was last updated."""
        told = resource.meta.lastUpdated if resource.meta else None
        return {"source_id": resource.id, "updated_at": told or self.exported_at}

    def relate(self, found: dict[str, Any], batch: Any, field: str, model: type[models.Model], of: Any) -> None:
        """Set the parent of each row, and drop those whose parent is not known."""
        wanted = {each.id: mapping.source_id(of(each)) for _, each in batch}
        rows = model.objects.filter(organization=self.organization, source_id__in=set(wanted.values()))
        known = dict(rows.values_list("source_id", "pk"))
        for place, each in batch:
            if wanted[each.id] in known:
                found[each.id][f"{field}_id"] = known[wanted[each.id]]
            else:
                self.rejected.append((place, 0, f"unknown {field}"))
                del found[each.id]
