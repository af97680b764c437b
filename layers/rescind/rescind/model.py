"""What the tables hold, as values. Times are integer epoch seconds unless the name says `_ms`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Status(StrEnum):
    """The flag of strategy 5: a disabled user has no live token."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    username: str
    status: Status
    scope: str
    """Space-delimited (RFC 6749 section 3.3)."""
    claims: str
    """A JSON object as text: what the authorizer hands to the functions behind it."""
    token_version: int
    password_version: int
    logged_out_at: int
    revision: int
    """Of scope and claims; each change of them adds 1, and nothing else does."""
    granted_at: int = 0
    """The `iat` of the token of another issuer by which scopes were granted last."""


@dataclass(frozen=True, slots=True)
class UnreadableUser:
    """A row that lacks something, or has it in another form: who reads it fails, and lets nobody through."""

    user_id: str


@dataclass(frozen=True, slots=True)
class UserPage:
    """Some of the users of one segment of the table, in no order that says anything."""

    rows: tuple[User | UnreadableUser, ...]
    after: str | None
    """The user id to go on after; None when the segment has no more."""


@dataclass(frozen=True, slots=True)
class Credential:
    username: str
    user_id: str
    password_hash: str = field(repr=False)
    password_version: int


@dataclass(frozen=True, slots=True)
class Session:
    user_id: str
    session_id: str
    counter: int
    """Of the one refresh token that is good now; each rotation adds 1."""
    version: int
    """The user's token_version at login, for the session's whole life."""
    attempt: str
    """The id of the request that wrote last: it knows its own write again when the response was lost."""
    created_at_ms: int
    rotated_at: int
    last_used_at: int
    idle_expires_at: int
    absolute_expires_at: int
    user_agent: str
    ip: str
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Who is asking: what a session remembers, and whose network failures count for."""

    user_agent: str
    ip: str


@dataclass(frozen=True, slots=True)
class NewIds:
    """What a request that opens a session calls the things it makes, and itself."""

    session_id: str
    token_id: str
    attempt: str


@dataclass(frozen=True, slots=True)
class BlockedToken:
    jti: str
    user_id: str | None
    reason: str
    blocked_at: int
    ttl: int


@dataclass(frozen=True, slots=True)
class Written:
    """The condition held and the row is written."""


@dataclass(frozen=True, slots=True)
class Lost(Generic[Row]):
    """The condition did not hold, and nothing is written; `row` is what stood there instead.

    `repeated` says that the SDK had sent the write before: the row may be our own doing.
    """

    row: Row | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class TokenUsed:
    """Another issuer's token has opened a session before, so it opens no other."""


@dataclass(frozen=True, slots=True)
class LoginEnded:
    """The login at the other issuer has ended since its token was issued."""
