"""How sessions begin, what to do with a refresh token, and which sessions are too many."""

from collections.abc import Iterable
from dataclasses import dataclass

from rescind.model import Client, NewIds, Session, Status, User
from rescind.reasons import Reason

CLOCK_SKEW_SECONDS = 10
"""How far two hosts' clocks may lie apart: 5 s either way."""


@dataclass(frozen=True, slots=True)
class Rotate:
    """The token is the current one: advance the session, then hand out its successor."""

    user: User
    session: Session


@dataclass(frozen=True, slots=True)
class Replay:
    """The session has just advanced past this token: hand out the same successor again, write nothing."""

    user: User
    session: Session


@dataclass(frozen=True, slots=True)
class EndSession:
    """Two parties hold this session's tokens, or a backup brought back old state: end it, then refuse."""

    reason: Reason
    session: Session


@dataclass(frozen=True, slots=True)
class Refuse:
    """There is nothing to refresh, and nothing to be alarmed about."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class TryAgain:
    """What the row shows may be our own repeated write's doing: decide nothing from it."""


RefreshDecision = Rotate | Replay | EndSession | Refuse | TryAgain


def decide_refresh(
    user: User | None,
    session: Session | None,
    *,
    presented: int,
    attempt: str,
    grace_seconds: int,
    now: int,
    repeated: bool = False,
) -> RefreshDecision:
    """Decide on the rows as read before the write, and again on the row that a lost write came upon.

    "If a refresh token is compromised and subsequently used by both the attacker and the legitimate client,
    one of them will present an invalidated refresh token, which will inform the authorization server of the
    breach" (RFC 9700 section 4.14.2). The grace tells a lost answer and a second tab from a breach.

    Args:
        user: as read at the start of this request.
        session: as read, or as the failed condition showed it.
        presented: the counter of the presented refresh token, its mac verified.
        attempt: this request's id, the same over the SDK's repeats of its write.
        grace_seconds: how long a used token gets its successor again; 0 is never.
        now: epoch seconds at the start of this request.
        repeated: the SDK had sent our write before the one that failed.
    """
    refused = refusal(user, session, now=now)
    if refused is not None or user is None or session is None:
        return Refuse(refused or Reason.SESSION_UNKNOWN)
    if session.attempt == attempt:
        return Replay(user, session)
    if session.counter == presented:
        return Rotate(user, session)
    if session.counter == presented + 1 and within_grace(session, grace_seconds=grace_seconds, now=now):
        return Replay(user, session)
    if session.counter < presented:
        return EndSession(Reason.COUNTER_BEHIND, session)
    if repeated:
        return TryAgain()
    return EndSession(Reason.REUSED, session)


def refusal(user: User | None, session: Session | None, *, now: int) -> Reason | None:
    """Why this session gives no more tokens; None when it is live."""
    if user is None:
        return Reason.USER_UNKNOWN
    if user.status is not Status.ACTIVE:
        return Reason.USER_DISABLED
    if session is None:
        return Reason.SESSION_UNKNOWN
    if session.revoked_at is not None:
        return Reason.SESSION_ENDED
    if not is_live(session, now=now):
        return Reason.EXPIRED
    if session.version != user.token_version:
        return Reason.TOKEN_VERSION
    return None


def within_grace(session: Session, *, grace_seconds: int, now: int) -> bool:
    """The grace counts from the rotation and never slides; another host's clock may be ahead of ours."""
    return grace_seconds > 0 and now - session.rotated_at <= grace_seconds + CLOCK_SKEW_SECONDS


def new_session(
    user: User,
    ids: NewIds,
    *,
    created_at_ms: int,
    client: Client,
    idle_seconds: int,
    absolute_seconds: int,
    now: int,
) -> Session:
    """A session as it is at login; its version is the user's token version, for its whole life."""
    return Session(
        user_id=user.user_id,
        session_id=ids.session_id,
        counter=1,
        version=user.token_version,
        attempt=ids.attempt,
        created_at_ms=created_at_ms,
        rotated_at=now,
        last_used_at=now,
        idle_expires_at=now + min(idle_seconds, absolute_seconds),
        absolute_expires_at=now + absolute_seconds,
        user_agent=client.user_agent,
        ip=client.ip,
    )


def created_after(sessions: Iterable[Session], *, now_ms: int) -> int:
    """When a session begins that is newer than all of these, whatever their hosts' clocks said."""
    return max([now_ms, *(session.created_at_ms + 1 for session in sessions)])


def surplus(sessions: Iterable[Session], *, version: int, limit: int, now: int) -> list[Session]:
    """The sessions to end so that only the newest `limit` of this version live, the oldest first."""
    live = [session for session in sessions if session.version == version and is_live(session, now=now)]
    live.sort(key=lambda session: (session.created_at_ms, session.session_id))
    return live[: max(0, len(live) - limit)]


def is_live(session: Session, *, now: int) -> bool:
    """Neither ended nor expired. TTL deletes days late, so a row that is there proves nothing about time."""
    return session.revoked_at is None and now < min(session.idle_expires_at, session.absolute_expires_at)
