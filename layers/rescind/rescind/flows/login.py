"""Login: a password opens a session, which depends on the very credential that was verified."""

from dataclasses import dataclass

from rescind.flows.issue import Refused, Tokens, issue_tokens
from rescind.flows.stores import Credentials, Sessions, SigningKeys, Users
from rescind.model import Credential, Lost, Session, Status, User, Written
from rescind.reasons import Reason
from rescind.rules.passwords import DUMMY_HASH, WrongPasswordError, verify_password
from rescind.settings import Settings
from rescind.unavailable import UnavailableError

_STARTS = 3


@dataclass(frozen=True, slots=True)
class Client:
    """What a session remembers of who opened it."""

    user_agent: str
    ip: str


def login(
    username: str,
    password: str,
    *,
    credentials: Credentials,
    users: Users,
    sessions: Sessions,
    keys: SigningKeys,
    settings: Settings,
    client: Client,
    nobody: str,
    session_id: str,
    token_id: str,
    attempt: str,
    now: int,
) -> Tokens | Refused:
    """Verify, sign, write, answer.

    Args:
        username: as the client gave it.
        password: likewise.
        credentials: where the username leads to a hash and a user.
        users: where the user is.
        sessions: where the new session goes.
        keys: the keys to sign with.
        settings: lifetimes and names.
        client: what the session remembers of it.
        nobody: a user id that nobody has.
        session_id: of the new session.
        token_id: of the new access token.
        attempt: of this request: by it the session's row is known again.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out.
    """
    credential, user = _account(username, credentials, users, nobody)
    # Unknown and disabled users cost as many reads and as much hashing as others.
    password_hash = credential.password_hash if credential else DUMMY_HASH
    try:
        verify_password(password, password_hash=password_hash)
    except WrongPasswordError:
        reason = Reason.WRONG_PASSWORD if user else Reason.USER_UNKNOWN
        return Refused(reason, user.user_id if user else None)
    if user is None:
        return Refused(Reason.USER_UNKNOWN)
    if user.status is not Status.ACTIVE:
        return Refused(Reason.USER_DISABLED, user.user_id)

    absolute = now + settings.refresh_absolute_seconds
    session = Session(
        user_id=user.user_id,
        session_id=session_id,
        counter=1,
        version=user.token_version,
        attempt=attempt,
        created_at_ms=now * 1000,
        rotated_at=now,
        last_used_at=now,
        idle_expires_at=min(now + settings.refresh_idle_seconds, absolute),
        absolute_expires_at=absolute,
        user_agent=client.user_agent,
        ip=client.ip,
    )
    tokens = issue_tokens(
        user,
        session,
        counter=session.counter,
        rotated_at=now,
        idle_expires_at=session.idle_expires_at,
        keys=keys,
        settings=settings,
        token_id=token_id,
        now=now,
    )
    _open(session, sessions)
    return tokens


def _account(
    username: str, credentials: Credentials, users: Users, nobody: str
) -> tuple[Credential | None, User | None]:
    """The credential and the user it leads to, of one password version: read anew until they agree."""
    for _ in range(_STARTS):
        credential = credentials.read(username)
        user = users.read(credential.user_id if credential else nobody)
        if credential is None or user is None:
            return None, None
        if user.password_version == credential.password_version:
            return credential, user
    raise UnavailableError("the password is being changed")


def _open(session: Session, sessions: Sessions) -> None:
    """Write the session's row. A write of unknown outcome is looked up before anything is handed out."""
    try:
        match sessions.put(session):
            case Lost(row):
                _check_own(row, session)
            case Written():
                pass
    except UnavailableError:
        _check_own(sessions.read(session.user_id, session.session_id), session)


def _check_own(row: Session | None, session: Session) -> None:
    if row is None or row.attempt != session.attempt or row.revoked_at is not None:
        raise UnavailableError("the session could not be written")
