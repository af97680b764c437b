"""fastapi-users with JWTs: its dependency `current_user`, which reads the user from Postgres, by asyncpg.

It has no other way to revoke a JWT than to make its user inactive. Statements are prepared, connections
pooled, and each is its own transaction, so there is no BEGIN around a read.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import HTTPException
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users_db_sqlalchemy import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from bench.inside.peers.keys import PRIVATE, PUBLIC


class _Base(DeclarativeBase):
    pass


class _User(SQLAlchemyBaseUserTableUUID, _Base):
    pass


class _Users(UUIDIDMixin, BaseUserManager[_User, uuid.UUID]):
    pass


def prepare(asked: Any) -> Callable[[str], Awaitable[bool]]:
    engine = create_async_engine(
        f"postgresql+asyncpg://bench@/postgres?host={asked['postgres']}",
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    strategy: Any = JWTStrategy(PRIVATE, 3600, algorithm="ES256", public_key=PUBLIC)
    backend: Any = AuthenticationBackend("jwt", BearerTransport("login"), lambda: strategy)
    users: Any = FastAPIUsers[_User, uuid.UUID](lambda: None, [backend])
    current_user = users.current_user(active=True)
    tokens: dict[str, str] = {}

    async def decide(which: str) -> bool:
        if not tokens:
            tokens.update(await _tokens(engine, sessions, strategy))
        async with sessions() as session:
            manager = _Users(SQLAlchemyUserDatabase(session, _User))
            try:
                user = await current_user(user_manager=manager, jwt=tokens[which], strategy_jwt=strategy)
            except HTTPException:
                return False
            return user is not None

    return decide


async def _tokens(engine: AsyncEngine, sessions: async_sessionmaker[Any], strategy: Any) -> dict[str, str]:
    async with engine.connect() as connection:
        await connection.run_sync(_Base.metadata.create_all)
    users = {
        name: _User(email=f"{name}@example.com", hashed_password="", is_active=name == "live")
        for name in ("live", "revoked")
    }
    async with sessions() as session:
        session.add_all(users.values())
        await session.commit()
    return {name: await strategy.write_token(user) for name, user in users.items()}
