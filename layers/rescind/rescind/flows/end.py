"""Ending one token, or everything that a user has, in one monotone write; and letting a user in again."""

import math
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from rescind.flows.stores import Blocklist, Sessions, Users
from rescind.model import BlockedToken, Lost, Status, User, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims
from rescind.rules.lifetimes import ACCESS_TOKEN_CEILING_SECONDS, BLOCKED_AFTER_EXPIRY_SECONDS
from rescind.rules.revocations import CLOCK_SECONDS
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from rescind.verdict import Refuse

_BY_THE_TABLES = {
    Reason.SESSION_UNKNOWN,
    Reason.SESSION_ENDED,
    Reason.BLOCKLISTED,
    Reason.USER_UNKNOWN,
    Reason.TOKEN_VERSION,
    Reason.LOGGED_OUT,
    Reason.USER_DISABLED,
}
STARTS = 5
"""How often a change that must be made is tried when others get in its way."""


class Revoked(StrEnum):
    """What a request took back, in the words of the contract."""

    TOKEN = "token"  # noqa: S105 - a word of the contract
    SESSION = "session"
    ALL_SESSIONS = "all_sessions"
    NOTHING = "nothing"


def end_everything(user: User, *, users: Users, now: int) -> None:
    """End every token of the user, as read.

    When the version has moved meanwhile, somebody else has just done so, for these tokens too: that is
    announced once more.

    Raises:
        UnavailableError: the write failed.
    """
    users.raise_version(user.user_id, version=user.token_version, now=now)


def revoke(user_id: str, *, users: Users, now: int) -> User | None:
    """End every token of a user; the user as read before. None when there is no such user.

    Raises:
        UnavailableError: a call failed.
    """
    user = users.read(user_id)
    if user is not None:
        end_everything(user, users=users, now=now)
    return user


def disable(user_id: str, *, users: Users, now: int) -> User | None:
    """Set the flag and end every token, or enabling would bring them back. None when there is no such user.

    Raises:
        UnavailableError: a call failed, or others changed the user at every try.
    """

    def write(user: User) -> Written | Lost[User]:
        return users.raise_version(user_id, version=user.token_version, now=now, status=Status.DISABLED)

    return _set_status(user_id, Status.DISABLED, users, write)


def enable(user_id: str, *, users: Users) -> User | None:
    """Let the user log in again; tokens from before stay dead. None when there is no such user.

    Raises:
        UnavailableError: a call failed, others changed the user at every try, or it cannot be told whether
            the write took effect.
    """

    def write(user: User) -> Written | Lost[User]:
        return users.enable(user_id, version=user.token_version)

    return _set_status(user_id, Status.ACTIVE, users, write)


def _set_status(
    user_id: str, status: Status, users: Users, write: Callable[[User], Written | Lost[User]]
) -> User | None:
    """Write on the version as read; when it has moved, read and write again: the status must be set."""
    for _ in range(STARTS):
        user = users.read(user_id)
        if user is None:
            return None
        match write(user):
            case Written():
                return replace(user, status=status)
            case Lost(row, repeated=True) if status is Status.ACTIVE:
                # The SDK's first try may have let the user in, and somebody may have locked them out since:
                # to write again would undo that.
                if row and row.status is status:
                    return row
                raise UnavailableError("whether the user was enabled cannot be told")
            case Lost():
                pass  # Others were faster, and this is decided on what they left.
    raise UnavailableError("the user is being changed by other requests")


def block_token(
    token_id: str, *, claims: AccessTokenClaims | None, reason: str, blocklist: Blocklist, now: int
) -> None:
    """Put one access token on the blocklist until it is dead anyway.

    Without its claims that is as long as any token may live: the ceiling, not the setting of the moment, or a
    deployment that raises the lifetime would bring tokens back.

    Raises:
        UnavailableError: the write failed.
    """
    dies_at = claims.exp if claims else now + ACCESS_TOKEN_CEILING_SECONDS
    blocklist.put(
        BlockedToken(
            jti=token_id,
            user_id=claims.sub if claims else None,
            reason=reason,
            blocked_at=now,
            ttl=dies_at + BLOCKED_AFTER_EXPIRY_SECONDS,
        )
    )


def announce_again(
    refused: Refuse, *, sessions: Sessions, users: Users, blocklist: Blocklist, now: int
) -> None:
    """What an authentic token was refused for is announced once more: whoever wrote it may have died.

    Of one that is refused for its time alone, nobody needs to know.

    Raises:
        UnavailableError: a call failed, so that nobody may be told that the token is dead.
    """
    claims = refused.claims
    if claims is None or refused.reason not in _BY_THE_TABLES:
        return
    if refused.reason is Reason.SESSION_ENDED:
        sessions.end(claims.sub, claims.sid, now=now)
    if refused.reason is Reason.BLOCKLISTED:
        blocklist.announce(claims.jti, now=now)
    # Of several reasons only the first is told.
    users.announce_end(claims.sub, now=now)


def effective_by(written_at: float, *, settings: Settings) -> int:
    """The second from which every request begun sees what was written, by our clock after the write."""
    return math.ceil(written_at) + stated_bound(settings)


def stated_bound(settings: Settings) -> int:
    """For how many seconds after the write a request may still get through.

    With a cache, an answer computed before the write may enter it as late as the authorizer's timeout. By the
    feed, a sandbox that was frozen may take what it knows for younger than it is by as much as clocks differ.
    """
    delay = settings.revocation_delay_seconds
    if settings.reads_feed:
        return delay + 2 * CLOCK_SECONDS
    return delay + settings.authorizer_timeout_seconds if delay > 0 else 0
