"""The FastAPI application."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import AwareDatetime
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.compare.asynchronous.access import Session, caller
from benchmarks.compare.asynchronous.shapes import EncounterAnswer, EncounterPage
from benchmarks.compare.asynchronous.tables import Encounter, Organization

WHOLE = (
    joinedload(Encounter.organization, innerjoin=True),
    joinedload(Encounter.patient),
    selectinload(Encounter.documents),
)

app = FastAPI()


def served(organization: Organization) -> Select[tuple[Encounter]]:
    """Select the encounters that an organization may see."""
    return select(Encounter).where(
        Encounter.organization_pk == organization.id,
        Encounter.record_class == "clinical",
        Encounter.withdrawn_at.is_(None),
    )


@app.get("/external/v1/encounters", response_model=EncounterPage)
async def list_encounters(
    session: Session,
    organization: Annotated[Organization, caller("encounters.list")],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
    start_at: AwareDatetime | None = None,
    end_at: AwareDatetime | None = None,
) -> object:
    """Return a page of encounters."""
    matching = served(organization)
    if start_at is not None:
        matching = matching.where(Encounter.created_at >= start_at)
    if end_at is not None:
        matching = matching.where(Encounter.created_at < end_at)
    total = await session.scalar(matching.with_only_columns(func.count()))
    order = (Encounter.created_at.desc(), Encounter.public_id.desc())
    page = await session.scalars(matching.options(*WHOLE).order_by(*order).limit(limit).offset(offset))
    return {"items": page.all(), "limit": limit, "offset": offset, "total": total}


@app.get("/external/v1/encounters/{encounter_id}", response_model=EncounterAnswer)
async def get_encounter(
    session: Session, organization: Annotated[Organization, caller("encounters.detail")], encounter_id: str
) -> object:
    """Return one encounter."""
    asked = served(organization).options(*WHOLE).where(Encounter.public_id == encounter_id)
    found = (await session.scalars(asked)).one_or_none()
    if found is None:
        raise HTTPException(404)
    return {"encounter": found}
