"""Password change: the current password opens a new session, and every other token of the user is dead."""

from collections.abc import Container
from dataclasses import dataclass, replace

from rescind.flows.issue import Tokens, issue_first_tokens
from rescind.flows.open_session import check_own
from rescind.flows.stores import Accounts, Credentials, Sessions, SigningKeys, States
from rescind.flows.throttle import Attempts, Throttled, reserve, settle, windows_for
from rescind.model import Client, NewIds, Session, User
from rescind.rules.passwords import WrongPasswordError, hash_password, verify_password
from rescind.rules.sessions import new_session, refusal
from rescind.rules.weak_passwords import Weakness, weakness
from rescind.settings import Settings
from rescind.unavailable import UnavailableError


@dataclass(frozen=True, slots=True)
class WrongPassword:
    """The current password is another one. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The caller's own session has ended meanwhile. Nothing has changed."""


def change_password(
    current: str,
    new: str,
    *,
    user_id: str,
    session_id: str,
    states: States,
    credentials: Credentials,
    accounts: Accounts,
    sessions: Sessions,
    attempts: Attempts,
    keys: SigningKeys,
    settings: Settings,
    client: Client,
    ids: NewIds,
    salt: bytes,
    common: Container[str],
    now_ms: int,
) -> Tokens | WrongPassword | Overtaken | Throttled | Weakness:
    """Reserve a guess, verify, sign, write all of it in one transaction, answer.

    Args:
        current: the password as it is, prepared.
        new: the password as it shall be, prepared; it may be the same.
        user_id: of the caller.
        session_id: of the caller.
        states: where the caller's user and session are.
        credentials: where the hash is.
        accounts: writes user, credential and session together.
        sessions: tells whether a transaction of unknown outcome took effect.
        attempts: where failures are counted, together with those of logins.
        keys: the keys to sign with.
        settings: lifetimes and names, limits, and what a hash costs.
        client: what the new session remembers of the caller, and whose network failures count for.
        ids: of the new session and token, and of this request.
        salt: of the new hash, 16 bytes.
        common: passwords that nobody may choose.
        now_ms: epoch milliseconds at the start of this request.

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out.
    """
    now = now_ms // 1000
    user, own = states.of_session(user_id, session_id)
    if user is None or refusal(user, own, now=now) is not None:
        return Overtaken()
    # Before the current password is looked at, or a refusal of the new one would say that the other is right.
    weak = weakness(new, username=user.username, common=common)
    if weak is not None:
        return weak
    credential = credentials.read(user.username)
    if credential and credential.password_version != user.password_version:
        # Changed between the two reads: it is not for this request to say that the password is wrong.
        return _why_not(*states.of_session(user_id, session_id), now=now)
    windows = windows_for(user.username, client=client, settings=settings)
    throttled = reserve(windows, attempts=attempts, now=now, user_id=user_id)
    if throttled:
        return throttled
    password_hash = credential.password_hash if credential else None
    try:
        verify_password(current, password_hash=password_hash, parameters=settings.hash_parameters)
    except WrongPasswordError:
        return WrongPassword()
    settle(windows, attempts=attempts, now=now)

    changed = replace(
        user,
        token_version=user.token_version + 1,
        password_version=user.password_version + 1,
        logged_out_at=now,
    )
    session = new_session(
        changed,
        ids,
        created_at_ms=now_ms,
        client=client,
        idle_seconds=settings.refresh_idle_seconds,
        absolute_seconds=settings.refresh_absolute_seconds,
        now=now,
    )
    # Signed before the write: a key that fails must leave the old password good.
    tokens = issue_first_tokens(
        changed, session, keys=keys, settings=settings, token_id=ids.token_id, now=now
    )
    password_hash = hash_password(new, salt=salt, parameters=settings.hash_parameters)
    try:
        if accounts.change_password(changed, password_hash=password_hash, session=session, now=now):
            return tokens
    except UnavailableError:
        # The transaction may have taken effect, its answer lost: only the row can tell.
        check_own(sessions.read(user_id, ids.session_id), session)
        return tokens
    return _why_not(*states.of_session(user_id, session_id), now=now)


def _why_not(user: User | None, own: Session | None, *, now: int) -> Overtaken:
    """Nothing was written, as the rows had moved: mostly because the user's tokens were ended meanwhile."""
    if refusal(user, own, now=now) is None:
        raise UnavailableError("the user is being changed by other requests")
    return Overtaken()
