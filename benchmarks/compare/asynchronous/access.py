"""Who calls, and whether that is allowed: asked of the database at each request."""

import base64
import hmac
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, selectinload

from benchmarks.compare.asynchronous.tables import ApiKey, Organization, RouteGrant

DIGEST_KEY = base64.b64decode(os.environ["CHARTERO_DIGEST_KEYS"].partition(":")[2])
PUBLIC_PART = slice(len("ch_sk_"), len("ch_sk_") + 12)
URL = os.environ["DATABASE_URL"].replace("postgres://", "postgresql+asyncpg://")

engine = create_async_engine(URL, pool_size=16, max_overflow=0, isolation_level="AUTOCOMMIT")
new_session = async_sessionmaker(engine, expire_on_commit=False)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield the session of one request."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def get_caller(needed: SecurityScopes, credentials: Credentials, session: Session) -> Organization:
    """Return the organization of a valid key; the first of the scopes is the route, which must be enabled for it."""
    token, (route, *scopes) = credentials.credentials, needed.scopes
    granted = select(RouteGrant).where(RouteGrant.organization_pk == ApiKey.organization_pk, RouteGrant.route == route)
    found = await session.execute(
        select(ApiKey, granted.exists())
        .options(joinedload(ApiKey.organization, innerjoin=True), selectinload(ApiKey.scopes))
        .where(ApiKey.public_part == token[PUBLIC_PART])
    )
    key, enabled = found.one_or_none() or (None, False)
    if key is None or not hmac.compare_digest(key.digest, hmac.digest(DIGEST_KEY, token.encode(), "sha256")):
        raise HTTPException(401)
    ended = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
    if ended or key.disabled_at or key.revoked_at:
        raise HTTPException(401)
    if not (key.organization.allowlisted and enabled and {scope.name for scope in key.scopes}.issuperset(scopes)):
        raise HTTPException(403)
    return key.organization


def caller(route: str) -> object:
    """Return the dependency of a route."""
    return Security(get_caller, scopes=[route, "encounters:read", "patients:read", "documents:read"])
