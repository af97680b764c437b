"""The checks that a token goes through, each with what it claims and what is stored: for who asks why.

They decide nothing. `verdict` and `decide_refresh` do, each with the reason of the first check here that does
not pass; `tests/flows/test_checks.py` holds them to that. A check of a row that is not there is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rescind.model import BlockedToken, Session, Status, User
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims
from rescind.rules.refresh_tokens import RefreshToken
from rescind.rules.sessions import within_grace
from rescind.verdict import State, has_expired

Shown = str | int | Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passes: bool
    reason: Reason
    """Why a token is refused that does not pass."""
    claimed: Shown | None = None
    """By the token."""
    stored: Shown | None = None
    """In the tables; None also where there is nothing."""


def checks_of_access_token(
    claims: AccessTokenClaims,
    state: State,
    blocked: BlockedToken | None,
    *,
    now: int,
    leeway_seconds: int,
) -> Iterator[Check]:
    """In the order of `verdict`.

    Args:
        claims: of an authentic token.
        state: as the authorizer reads it.
        blocked: the blocklist entry, which decides nothing: the state says whether there is one.
        now: epoch seconds.
        leeway_seconds: after `exp`.
    """
    user, session = state.user, state.session
    expired = has_expired(claims, now=now, leeway_seconds=leeway_seconds)
    leeway = {"leeway_seconds": leeway_seconds} if leeway_seconds else None
    yield Check("expiry", not expired, Reason.EXPIRED, claims.exp, leeway)
    yield from _checks_of_session(claims.sid, session)
    yield Check("blocklist", not state.blocked, Reason.BLOCKLISTED, claims.jti, _entry(blocked))
    yield _check_of_user(claims.sub, user)
    if user is not None:
        same_version = claims.ver == user.token_version
        yield Check("token_version", same_version, Reason.TOKEN_VERSION, claims.ver, user.token_version)
        issued_since = claims.iat >= user.logged_out_at
        yield Check("logout_time", issued_since, Reason.LOGGED_OUT, claims.iat, user.logged_out_at)
        yield _check_of_status(user)


def checks_of_refresh_token(
    token: RefreshToken, user: User | None, session: Session | None, *, grace_seconds: int, now: int
) -> Iterator[Check]:
    """In the order of `decide_refresh`, once the mac has been verified.

    Args:
        token: what it names.
        user: as read.
        session: as read.
        grace_seconds: how long a used token gets its successor again.
        now: epoch seconds.
    """
    yield _check_of_user(token.user_id, user)
    if user is not None:
        yield _check_of_status(user)
    yield from _checks_of_session(token.session_id, session)
    if session is not None:
        ends = {"idle": session.idle_expires_at, "absolute": session.absolute_expires_at}
        yield Check("session_expiry", now < min(ends.values()), Reason.EXPIRED, stored=ends)
        if user is not None:
            same_version = session.version == user.token_version
            yield Check(
                "token_version", same_version, Reason.TOKEN_VERSION, session.version, user.token_version
            )
        yield _check_of_counter(token, session, grace_seconds=grace_seconds, now=now)


def _check_of_counter(token: RefreshToken, session: Session, *, grace_seconds: int, now: int) -> Check:
    """Whether it is the current token of its session, or was until a moment ago."""
    is_current = session.counter == token.counter
    was_just_used = session.counter == token.counter + 1 and within_grace(
        session, grace_seconds=grace_seconds, now=now
    )
    return Check(
        "counter",
        is_current or was_just_used,
        Reason.COUNTER_BEHIND if session.counter < token.counter else Reason.REUSED,
        token.counter,
        {"counter": session.counter, "rotated_at": session.rotated_at},
    )


def _check_of_user(user_id: str, user: User | None) -> Check:
    stored = {"username": user.username} if user else None
    return Check("user", user is not None, Reason.USER_UNKNOWN, user_id, stored)


def _check_of_status(user: User) -> Check:
    is_active = user.status is Status.ACTIVE
    return Check("status", is_active, Reason.USER_DISABLED, stored=user.status.value)


def _checks_of_session(session_id: str, session: Session | None) -> Iterator[Check]:
    times = _times(session) if session else None
    yield Check("session", session is not None, Reason.SESSION_UNKNOWN, session_id, times)
    if session is not None:
        goes_on = session.revoked_at is None
        yield Check("session_end", goes_on, Reason.SESSION_ENDED, stored=session.revoked_at)


def _entry(blocked: BlockedToken | None) -> Mapping[str, str | int] | None:
    return {"reason": blocked.reason, "blocked_at": blocked.blocked_at} if blocked else None


def _times(session: Session) -> Mapping[str, int]:
    return {"created_at": session.created_at_ms // 1000, "last_used_at": session.last_used_at}
