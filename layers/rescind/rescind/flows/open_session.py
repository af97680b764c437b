"""Opening a session for a user who has proved who they are: by a password, or by another issuer's token."""

from collections.abc import Callable
from contextlib import suppress

from rescind.flows.issue import Refused, Tokens, issue_first_tokens
from rescind.flows.stores import Sessions, SigningKeys
from rescind.model import Client, Lost, NewIds, Session, User, Written
from rescind.rules.sessions import created_after, new_session, surplus
from rescind.settings import Settings
from rescind.unavailable import UnavailableError

Write = Callable[[Session], Written | Lost[Session] | Refused]
"""Puts the new row, where nothing speaks against it that only the tables know."""


def open_session(
    user: User,
    *,
    write: Write,
    sessions: Sessions,
    keys: SigningKeys,
    settings: Settings,
    client: Client,
    ids: NewIds,
    now_ms: int,
) -> Tokens | Refused:
    """Sign, write, end what is too many, answer.

    Args:
        user: as read after what they proved it by.
        write: puts the new session's row.
        sessions: where it goes.
        keys: the keys to sign with.
        settings: lifetimes, names and limits.
        client: what the session remembers of it.
        ids: of the new session and token, and of this request.
        now_ms: epoch milliseconds at the start of this request.

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out.
    """
    now = now_ms // 1000
    session = new_session(
        user,
        ids,
        created_at_ms=created_after(sessions.of_user(user.user_id), now_ms=now_ms),
        client=client,
        idle_seconds=settings.refresh_idle_seconds,
        absolute_seconds=settings.refresh_absolute_seconds,
        now=now,
    )
    tokens = issue_first_tokens(user, session, keys=keys, settings=settings, token_id=ids.token_id, now=now)
    refused = _write(session, write, sessions, now=now)
    if refused:
        return refused
    _end_surplus(session, sessions, limit=settings.max_sessions_per_user, now=now)
    return tokens


def leave_nothing(user_id: str, session_id: str, *, sessions: Sessions, now: int) -> None:
    """Nobody will hold the session's tokens: at the next try it must not push out one that is held."""
    with suppress(UnavailableError):
        sessions.end(user_id, session_id, now=now)


def _write(session: Session, write: Write, sessions: Sessions, *, now: int) -> Refused | None:
    """Write the session's row. A write of unknown outcome is looked up before anything is handed out."""
    try:
        match write(session):
            case Lost(row):
                check_own(row, session)
            case Written():
                pass
            case Refused() as refused:
                return refused
    except UnavailableError as failure:
        try:
            check_own(sessions.read(session.user_id, session.session_id), session)
        except UnavailableError:
            leave_nothing(session.user_id, session.session_id, sessions=sessions, now=now)
            raise failure from None
    return None


def check_own(row: Session | None, session: Session) -> None:
    """Return when the row is the one that this request has written, and it is still good.

    Raises:
        UnavailableError: it is not there, is another's, or has been ended.
    """
    if row is None or row.attempt != session.attempt or row.revoked_at is not None:
        raise UnavailableError("the session could not be written")


def _end_surplus(session: Session, sessions: Sessions, *, limit: int, now: int) -> None:
    """Whoever comes last of many at once sees the others, so none of them need be locked out for it."""
    try:
        rows = sessions.of_user(session.user_id)
        too_many = surplus(rows, version=session.version, limit=limit, now=now)
        for each in too_many:
            sessions.end(each.user_id, each.session_id, now=now)
    except UnavailableError:
        leave_nothing(session.user_id, session.session_id, sessions=sessions, now=now)
        raise
    if any(each.session_id == session.session_id for each in too_many):
        raise UnavailableError("more logins at once than there may be sessions")
