"""The response models."""

from datetime import date, datetime

from pydantic import AliasPath, BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A model that is read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)


class PatientShape(Shape):
    """A patient."""

    patient_id: str = Field(validation_alias="public_id")
    first_name: str | None
    last_name: str | None
    date_of_birth: date | None


class DocumentShape(Shape):
    """A document."""

    document_id: str = Field(validation_alias="public_id")
    schema_type: str
    title: str | None
    status: str | None
    workflow_variant: str | None
    audio_duration_seconds: float | None


class EncounterShape(Shape):
    """An encounter with its patient and its documents."""

    encounter_id: str = Field(validation_alias="public_id")
    organization_id: str = Field(validation_alias=AliasPath("organization", "public_id"))
    encounter_type: str
    status: str
    created_at: datetime
    updated_at: datetime
    date_of_service: datetime | None
    patient: PatientShape | None
    documents: list[DocumentShape]


class EncounterPage(Shape):
    """A page of encounters and the number of all that match."""

    items: list[EncounterShape]
    limit: int
    offset: int
    total: int


class EncounterAnswer(Shape):
    """One encounter."""

    encounter: EncounterShape
