"""chartero's tables as far as they are read, mapped with SQLAlchemy."""

from datetime import date, datetime

from sqlalchemy import Column, DateTime, ForeignKey, Table, and_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What every table has: times with a zone."""

    type_annotation_map = {datetime: DateTime(timezone=True)}


KEY_SCOPES = Table(
    "partners_apikey_scopes",
    Base.metadata,
    Column("apikey_id", ForeignKey("partners_apikey.id")),
    Column("scope_id", ForeignKey("partners_scope.name")),
)


class Scope(Base):
    """What a key may read."""

    __tablename__ = "partners_scope"
    name: Mapped[str] = mapped_column(primary_key=True)


class Organization(Base):
    """A partner."""

    __tablename__ = "partners_organization"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str]
    allowlisted: Mapped[bool]


class RouteGrant(Base):
    """One route enabled for one organization."""

    __tablename__ = "partners_routegrant"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_pk: Mapped[int] = mapped_column("organization_id", ForeignKey(Organization.id))
    route: Mapped[str]


class ApiKey(Base):
    """An API key."""

    __tablename__ = "partners_apikey"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_part: Mapped[str]
    digest: Mapped[bytes]
    expires_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    organization_pk: Mapped[int] = mapped_column("organization_id", ForeignKey(Organization.id))
    organization: Mapped[Organization] = relationship()
    scopes: Mapped[list[Scope]] = relationship(secondary=KEY_SCOPES)


class Patient(Base):
    """A patient of one organization."""

    __tablename__ = "encounters_patient"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    date_of_birth: Mapped[date | None]


class Document(Base):
    """A document of one encounter, as far as a summary of it needs."""

    __tablename__ = "encounters_document"
    id: Mapped[int] = mapped_column(primary_key=True)
    encounter_pk: Mapped[int] = mapped_column("encounter_id", ForeignKey("encounters_encounter.id"))
    public_id: Mapped[str]
    schema_type: Mapped[str]
    title: Mapped[str | None]
    status: Mapped[str | None]
    workflow_variant: Mapped[str | None]
    audio_duration_seconds: Mapped[float | None]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Encounter(Base):
    """An encounter of one organization."""

    __tablename__ = "encounters_encounter"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str]
    organization_pk: Mapped[int] = mapped_column("organization_id", ForeignKey(Organization.id))
    patient_pk: Mapped[int | None] = mapped_column("patient_id", ForeignKey(Patient.id))
    encounter_type: Mapped[str]
    status: Mapped[str]
    record_class: Mapped[str]
    date_of_service: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    organization: Mapped[Organization] = relationship()
    patient: Mapped[Patient | None] = relationship()
    documents: Mapped[list[Document]] = relationship(
        primaryjoin=lambda: and_(Document.encounter_pk == Encounter.id, Document.withdrawn_at.is_(None)),
        order_by=lambda: (Document.created_at, Document.public_id),
    )
